#include "layout.inc"
