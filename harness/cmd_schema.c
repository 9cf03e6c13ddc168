/* lowwater schema: the JSON Schema of scenarios. */
#include "harness/commands.h"

#include <stdio.h>
#include <string.h>
#include "harness/options.h"
#include "harness/scenario_schema.h"

static const char help[] =
    "usage: lowwater schema\n"
    "\n"
    "Prints the JSON Schema (draft 7) of scenarios, for editors that complete and\n"
    "underline by it. With the YAML language server, write it beside the scenarios\n"
    "\n"
    "  lowwater schema > scenario.schema.json\n"
    "\n"
    "and begin each of them with\n"
    "\n"
    "  # yaml-language-server: $schema=scenario.schema.json\n";

int cmd_schema(int argc, char **argv)
{
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return EXIT_HELD;
    }
    if (argc > 1)
        return usage_error("schema: takes no arguments, not '%s'", argv[1]);
    scenario_schema(stdout);
    return EXIT_HELD;
}
