/* The table of a scenario's keys for others: editors and readers. */
#ifndef LW_HARNESS_SCENARIO_SCHEMA_H
#define LW_HARNESS_SCENARIO_SCHEMA_H

#include <stdio.h>

/* A JSON Schema (draft 7) of scenarios: what editors complete and underline by. It accepts what
 * the loader accepts, except some spellings (flags without their prefix are words to it), and
 * cannot tell what several keys say together. */
void scenario_schema(FILE *out);
/* All keys as text of 80 columns, and as the page docs/scenario-keys.md. */
void scenario_keys_text(FILE *out);
void scenario_keys_markdown(FILE *out);

#endif
