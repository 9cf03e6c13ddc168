/* The commands. Each takes its own name as argv[0], answers --help, and returns an exit code. */
#ifndef LW_HARNESS_COMMANDS_H
#define LW_HARNESS_COMMANDS_H

int cmd_run(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_vectors(int argc, char **argv);
int cmd_validate(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_schema(int argc, char **argv);
int cmd_cc(int argc, char **argv);

#endif
