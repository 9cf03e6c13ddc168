// stdafx.h : include file for standard system include files,
// or project specific include files that are used frequently, but
// are changed infrequently
//
#pragma once

#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0601
#endif

#include <Windows.h>
#include <MSCOREE.H>
#include <MetaHost.h>
#include <stdio.h>

#include <map>
#include <string>
#include <algorithm>
