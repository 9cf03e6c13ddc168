/* The subset of JSON Schema that lowwater emits, checked against YAML: for tests. */
#ifndef LW_TESTS_SCHEMA_CHECK_H
#define LW_TESTS_SCHEMA_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include "harness/yaml.h"

struct schema;

/* Reads a schema; fails the test when it is no JSON or has a keyword that is not known here. */
struct schema *schema_read(const char *text);
void schema_free(struct schema *schema);
/* Whether the tree fits; else message says where and why. Words are typed as YAML 1.2 does. */
bool schema_fits(const struct schema *schema, const struct yaml_node *node, char *message,
                 size_t message_bytes);

#endif
