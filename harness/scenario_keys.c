/* The table of keys: the top of a scenario, its machine, pressure, faults and expectations, and
 * the sections. The keys of steps are in scenario_keys_steps.c. See scenario_keys.h. */
#include "harness/scenario_keys.h"

#include "core/sim.h"
#include "harness/scenario_private.h"

#define SIZE_MOST (UINT64_C(1) << 46)
#define TIME_MOST UINT64_C(86400000000000) /* a day */

/* ---- the top ---- */

static const struct choice schedules[] = {
    {"in-order", SCHED_IN_ORDER, "a thread goes on until it waits or has run for 15.6 ms"},
    {"round-robin", SCHED_ROUND_ROBIN, "the next one at each point, or nearly each"},
    {"random", SCHED_RANDOM, "drawn at each point"},
    {"pct", SCHED_PCT, "the one of the highest random priority, which changes at a few points"},
    {"slow-random", SCHED_SLOW_RANDOM, "random, and some threads are held up for long"},
    {"slow-pct", SCHED_SLOW_PCT, "pct, and some threads are held up for long"},
    {0}};

static const struct choice wakes[] = {{"first", 0, "the one that has waited longest"},
                                      {"any", 1, "any of them, drawn: nobody promises an order"},
                                      {0}};

static const struct choice shutdowns[] = {
    {"none", 0, "the CLR leaves without releasing anything, as the real one does"},
    {"release", 1, "the CLR releases every object that it got at the end"},
    {0}};

static const struct key keys_top[] = {
    {"name", VALUE_TEXT, AT(struct draft, scenario.name), 1, 64, .required = true,
     .example = "commit-limit-shrinks", .help = "How the scenario is called in reports"},
    {"seed", VALUE_COUNT, AT(struct draft, scenario.seed), 0, UINT64_MAX, .standard = "1",
     .help = "Everything that is drawn at random follows from it; `--seed` replaces it"},
    {"policy", VALUE_SECTION, .section = SECTION_POLICY,
     .help = "The host policy that runs when `--policy` names no other"},
    {"machine", VALUE_SECTION, AT(struct draft, scenario.machine), .section = SECTION_MACHINE,
     .help = "The simulated computer"},
    {"costs", VALUE_SECTION, AT(struct draft, scenario.costs_ns), .section = SECTION_COSTS,
     .help = "Virtual time that calls, faults and the like take, where not the usual"},
    {"replay", VALUE_SECTION, .section = SECTION_NATIVE,
     .help = "What holds for every replay of the workload"},
    {"clr", VALUE_SECTION, AT(struct draft, scenario.workload), .section = SECTION_CLR,
     .help = "What the simulated CLR does besides"},
    {"workload", VALUE_STEPS, AT(struct draft, scenario.workload.steps), .required = true,
     .help = "What the program does: steps, performed one after the other"},
    {"pressure", VALUE_PRESSURES, .section = SECTION_PRESSURE,
     .help = "What the rest of the computer takes and gives back meanwhile"},
    {"faults", VALUE_FAULTS, .section = SECTION_FAULT,
     .help = "Which calls of the policy fail, and when. All rules count every call they match; "
             "the first in the list that fires decides"},
    {"schedule", VALUE_CHOICE, AT(struct draft, scenario.schedule.strategy), .choices = schedules,
     .standard = "in-order",
     .help = "Who runs when, of the threads that can; `--schedule` replaces it"},
    {"schedule-options", VALUE_SECTION, AT(struct draft, scenario.schedule),
     .section = SECTION_SCHEDULE, .help = "Particulars of it"},
    {"shutdown", VALUE_CHOICE, AT(struct draft, scenario.shutdown_release), .choices = shutdowns,
     .standard = "none", .help = "How the CLR ends"},
    {"expect", VALUE_EXPECTATIONS, .section = SECTION_EXPECT,
     .help = "What must hold at the end; several keys in one item are several expectations"},
    {0}};

static const struct key keys_schedule[] = {
    {"seed", VALUE_COUNT, AT(struct sched_options, seed), 1, UINT64_MAX,
     .help = "Of the schedule's own draws; left out: the run's seed"},
    {"change-points", VALUE_COUNT, AT(struct sched_options, change_points), 1, 16, .standard = "3",
     .help = "pct: how often the running thread falls behind all others"},
    {"quantum", VALUE_TIME, AT(struct sched_options, quantum_ns), 1, TIME_MOST,
     .standard = "15600us", .help = "in-order: how long a thread may run while others can"},
    {"spurious", VALUE_COUNT, AT(struct sched_options, spurious), 1, 1000000, .example = "20",
     .help = "One of so many waits for a condition variable ends for no reason, as such waits "
             "may; left out: none"},
    {"wakes", VALUE_CHOICE, AT(struct sched_options, wakes_any), .choices = wakes,
     .standard = "first",
     .help = "Which waiter a wake-up of a condition variable, an address or a semaphore reaches"},
    {"patience", VALUE_TIME, AT(struct sched_options, patience_ns), 1, TIME_MOST,
     .standard = "10min",
     .help = "All threads of the CLR may wait without an end in sight for so long while other "
             "threads only pass the time; then it is a deadlock"},
    {0}};

static const struct key keys_policy[] = {
    {"name", VALUE_TEXT, AT(struct draft, scenario.policy), 1, 256, .example = "quota",
     .help = "A bundled policy, or the path of a .so, .c or .cpp file"},
    {"params", VALUE_PARAMS, AT(struct draft, scenario.params),
     .help = "Its parameters (`lowwater list policies`); `--set policy.NAME=VALUE` sets one"},
    {0}};

static const struct choice address_spaces[] = {
    {"2GiB", UINT64_C(2) << 30, "32-bit process"},
    {"3GiB", UINT64_C(3) << 30, "32-bit process, large addresses, /3GB"},
    {"4GiB", UINT64_C(4) << 30, "32-bit process, large addresses, 64-bit Windows"},
    {"8TiB", UINT64_C(8) << 40, "64-bit process before Windows 8.1"},
    {"128TiB", UINT64_C(128) << 40, "64-bit process"},
    {0}};

static const struct choice replacements[] = {
    {"clock", REPLACE_CLOCK, "a ring with a hand that spares pages touched since it came by"},
    {"clock-ref0", REPLACE_CLOCK_REF0, "... the touch that brought the page in does not count"},
    {"lru", REPLACE_LRU, "the page not touched for the longest time"},
    {"fifo", REPLACE_FIFO, "the page that came first"},
    {0}};

static const struct choice standbys[] = {
    {"yes", 0, "pages out of the working set stay in memory until their frames are needed"},
    {"0", 1, "no standby and modified lists: each replacement is a fault later"},
    {"no", 1},
    {0}};

static const struct key keys_machine[] = {
    {"ram", VALUE_SIZE, AT(struct machine_config, ram_bytes), PAGE_BYTES, SIZE_MOST, PAGE_BYTES,
     .standard = "4GiB", .help = "Physical memory"},
    {"pagefile", VALUE_SIZE, AT(struct machine_config, pagefile_bytes), 0, SIZE_MOST, PAGE_BYTES,
     .standard = "4GiB", .help = "Page file; with the RAM it is the commit limit"},
    {"pagefile-max", VALUE_SIZE, AT(struct machine_config, pagefile_max_bytes), 0, SIZE_MOST,
     PAGE_BYTES, .example = "8GiB",
     .help = "The page file grows up to this when commit needs it; left out: not at all"},
    {"pagefile-latency", VALUE_TIME, AT(struct machine_config, pagefile_read_ns), 1, TIME_MOST,
     .standard = "100us", .help = "Time to read a page of the page file: a hard fault"},
    {"pagefile-write", VALUE_TIME, AT(struct machine_config, pagefile_write_ns), 1, TIME_MOST,
     .standard = "25us", .help = "Time to write a page, of the many that are written together"},
    {"replacement", VALUE_CHOICE, AT(struct machine_config, replacement), .choices = replacements,
     .standard = "clock", .help = "Which page of the working set gives way"},
    {"standby", VALUE_CHOICE, AT(struct machine_config, no_standby), .choices = standbys,
     .standard = "yes", .help = "Where pages go that leave the working set"},
    {"low-memory", VALUE_SIZE, AT(struct machine_config, low_memory_bytes), PAGE_BYTES, SIZE_MOST,
     PAGE_BYTES, .example = "32MiB",
     .help = "At or below so much available memory it is low; left out: 1/128 of the RAM, at most "
             "64MiB"},
    {"high-memory", VALUE_SIZE, AT(struct machine_config, high_memory_bytes), PAGE_BYTES, SIZE_MOST,
     PAGE_BYTES, .example = "96MiB",
     .help = "At or above so much it is high; left out: three times the low level"},
    {"address-space", VALUE_SIZE, AT(struct machine_config, address_space_bytes),
     .choices = address_spaces, .standard = "128TiB", .help = "Layout of the process"},
    {"processors", VALUE_COUNT, AT(struct machine_config, processors), 1, 64, .standard = "2",
     .help = "Processors that the system reports"},
    {"large-pages", VALUE_FLAG, AT(struct machine_config, lock_memory_privilege), .standard = "no",
     .help = "The process may lock memory, so MEM_LARGE_PAGES can work"},
    {"guard-heap-blocks", VALUE_FLAG, AT(struct machine_config, guard_heap_blocks),
     .standard = "no", .help = "Every heap block ends at an inaccessible page: overruns crash"},
    {0}};

static const struct choice natives[] = {
    {"malloc", REPLAY_NATIVE_MALLOC, "IHostMalloc, a block for each growth"},
    {"virtual", REPLAY_NATIVE_VIRTUAL, "IHostMemoryManager, like the runtime's own memory"},
    {"around", REPLAY_NATIVE_AROUND, "the operating system, past the host"},
    {0}};

static const struct key keys_native[] = {
    {"native", VALUE_CHOICE, AT(struct draft, native), .choices = natives, .standard = "malloc",
     .help = "Where memory goes that the recorded program had from its C library"},
    {0}};

static const struct key keys_clr[] = {
    {"ask-load", VALUE_TIME, AT(struct workload, ask_load_ns), 100000, TIME_MOST, .example = "50ms",
     .help = "The collector asks for the memory load so often, besides where it does so anyway"},
    {"ask-load-after-pressure", VALUE_FLAG, AT(struct workload, ask_load_after_pressure),
     .standard = "no", .help = "It also asks right behind each change that pressure makes"},
    {0}};

/* ---- pressure ---- */

static const struct choice pressures[] = {
    {"memory", PRESSURE_MEMORY, "another process commits and touches so much"},
    {"commit", PRESSURE_COMMIT, "another process commits and does not touch"},
    {"pagefile", PRESSURE_PAGEFILE, "the page file is smaller by so much"},
    {"address-space", PRESSURE_ADDRESS_SPACE, "regions in the process's own address space"},
    {"ram", PRESSURE_RAM, "RAM is removed from the machine; the commit limit falls with it"},
    {0}};

static const struct choice waves[] = {
    {"square", PRESSURE_SQUARE, "at the beginning of each period all at once"},
    {"sawtooth", PRESSURE_SAWTOOTH, "in equal steps"},
    {0}};

static const struct key keys_pressure[] = {
    {"at", VALUE_TIME, AT(struct pressure, at_ns), 0, TIME_MOST, .required = true, .example = "2s",
     .help = "When, in virtual time from the beginning of the workload"},
    {"take", VALUE_SIZE_OR_ALL, AT(struct pressure, bytes), 1, SIZE_MOST, .example = "1GiB",
     .help = "How much is taken; what is not there cannot be taken"},
    {"give-back", VALUE_SIZE_OR_ALL, AT(struct pressure, bytes), 1, SIZE_MOST, .example = "all",
     .help = "How much of it is given back"},
    {"latency", VALUE_TIME, AT(struct pressure, bytes), 1, TIME_MOST, .example = "20ms",
     .help = "Instead: a read from the page file takes so long from now on"},
    {"job-limit", VALUE_SIZE_OR_ALL, AT(struct pressure, bytes), 1, SIZE_MOST, .example = "256MiB",
     .help = "Instead: a job limits the process's commit to so much from now on; all: no longer"},
    {"over", VALUE_TIME, AT(struct pressure, over_ns), 0, TIME_MOST, .standard = "0",
     .example = "500ms", .help = "In equal steps over so long; 0: at once"},
    {"for", VALUE_TIME, AT(struct pressure, period_ns), 1, TIME_MOST, .example = "2s",
     .help =
         "Goes back by itself after so long: all that could be taken is given back, latency and "
         "job limit are what they were"},
    {"wave", VALUE_CHOICE, AT(struct pressure, shape), .choices = waves,
     .help = "Again and again: taken in each period, given back within it"},
    {"period", VALUE_TIME, AT(struct pressure, period_ns), 1000, TIME_MOST, .example = "2s",
     .help = "Of a wave: from one beginning to the next"},
    {"duty", VALUE_PERCENT, AT(struct pressure, duty_percent), 1, 100, .example = "25%",
     .help = "Of a wave: the part of the period after which all that could be taken is given back; "
             "left out: 50% of a square wave, 100% of a sawtooth"},
    {"times", VALUE_COUNT, AT(struct pressure, times), 1, 1000000, .example = "10",
     .help = "Of a wave: so many periods; left out: until the workload ends"},
    {"until", VALUE_TIME, AT(struct pressure, until_ns), 1, TIME_MOST, .example = "60s",
     .help = "Of a wave: ends then, in virtual time; what it holds is given back"},
    {"curve", VALUE_CURVE, AT(struct pressure, curve), .example = "recorded.csv",
     .help = "Instead: a recorded course from a file beside the scenario, with lines of a time and "
             "of what others hold from then on"},
    {"scale", VALUE_SPEED, AT(struct pressure, scale_num), .standard = "1/1",
     .help = "Of a curve: its levels times this"},
    {"speed", VALUE_SPEED, AT(struct pressure, speed_num), .standard = "1/1",
     .help = "Of a curve: how fast: 2/1 or 2x is twice as fast"},
    {"of", VALUE_CHOICE, AT(struct pressure, of), .choices = pressures, .standard = "memory",
     .help = "What is taken or given back"},
    {"pieces", VALUE_COUNT, AT(struct pressure, pieces), 1, 65536, .example = "16",
     .help = "Address space only: so many islands, spread evenly"},
    {0}};

/* ---- faults ---- */

static const struct key keys_fault[] = {
    {"on", VALUE_CALL, AT(struct fault_rule, call), .required = true,
     .help = "The call that fails (`lowwater list faults`)"},
    {"when", VALUE_SECTION, .section = SECTION_WHEN,
     .help = "Which of these calls count: every filter must hold"},
    {"nth", VALUE_COUNT, AT(struct fault_rule, nth), 1, UINT64_C(1) << 62, .example = "17",
     .help = "The number of the matching call that fails, from 1"},
    {"every", VALUE_COUNT, AT(struct fault_rule, every), 1, UINT64_C(1) << 62, .example = "10",
     .help = "Each so-many-th matching call fails"},
    {"probability", VALUE_CHANCE, AT(struct fault_rule, chance_num), .example = "1/50",
     .help = "Each matching call fails with this chance. Without nth, every and probability "
             "all matching calls do"},
    {"from", VALUE_TIME, AT(struct fault_rule, from_ns), 0, TIME_MOST, .example = "2s",
     .help = "Calls before do not count"},
    {"until", VALUE_TIME, AT(struct fault_rule, until_ns), 1, TIME_MOST, .example = "5s",
     .help = "Calls from then on do not count"},
    {"fail", VALUE_ERROR, AT(struct fault_rule, error), .example = "ERROR_NOT_ENOUGH_MEMORY",
     .help = "The error; left out: the usual one of the call, or none where only delay is given"},
    {"times", VALUE_HOW_OFTEN, AT(struct fault_rule, times), .example = "3",
     .help = "How many fail at most; left out: once with nth, else forever"},
    {"delay", VALUE_TIME, AT(struct fault_rule, delay_ns), 0, TIME_MOST, .example = "5ms",
     .help = "Virtual time that the call takes more"},
    {0}};

static const struct key keys_when[] = {
    {"reserve", VALUE_FILTER, AT(struct fault_rule, filter), FAULT_RESERVE,
     .help = "The call reserves (MEM_RESERVE)"},
    {"commit", VALUE_FILTER, AT(struct fault_rule, filter), FAULT_COMMIT,
     .help = "The call commits (MEM_COMMIT)"},
    {"decommit", VALUE_FILTER, AT(struct fault_rule, filter), FAULT_DECOMMIT,
     .help = "The call decommits (MEM_DECOMMIT)"},
    {"release", VALUE_FILTER, AT(struct fault_rule, filter), FAULT_RELEASE,
     .help = "The call releases (MEM_RELEASE)"},
    {"reset", VALUE_FILTER, AT(struct fault_rule, filter), FAULT_RESET,
     .help = "The call discards contents (MEM_RESET)"},
    {"size", VALUE_SIZE_RANGE, AT(struct fault_rule, size_min), .help = "The size it asks for"},
    {"protect", VALUE_BITS, AT(struct fault_rule, protect), .choices = choices_protections,
     .example = "PAGE_EXECUTE_READWRITE", .help = "The protection it asks for"},
    {"flags", VALUE_BITS, AT(struct fault_rule, flags), .choices = choices_call_flags,
     .example = "MEM_TOP_DOWN", .help = "Flags it gives, all of them"},
    {"criticality", VALUE_LEVELS, AT(struct fault_rule, levels), .choices = choices_criticality,
     .example = "[task, app-domain]",
     .help = "What is at stake in the CLR's call that the policy serves"},
    {"caller", VALUE_CHARACTERS, AT(struct fault_rule, caller), 1, 63, .example = "arena_grow",
     .help = "A function of the policy that is on the stack"},
    {"load", VALUE_COMPARE_PERCENT, AT(struct fault_rule, load), 0, 100, .example = "\"> 90%\"",
     .help = "Memory load of the machine"},
    {0}};

/* ---- expectations: section is the kind, least the counter ---- */

#define EXPECT(kind_) AT(struct expectation_draft, expectation.comparison), .section = (kind_)

static const struct key keys_expect[] = {
    {"peak-commit", VALUE_COMPARE_SIZE, EXPECT(EXPECT_COUNTER), .least = COUNTER_commit_peak_bytes,
     .help = "The same as commit-peak"},
    {"peak-reserve", VALUE_COMPARE_SIZE, EXPECT(EXPECT_COUNTER),
     .least = COUNTER_reserve_peak_bytes, .help = "The same as reserve-peak"},
    {"peak-resident", VALUE_COMPARE_SIZE, EXPECT(EXPECT_COUNTER),
     .least = COUNTER_resident_peak_bytes, .help = "The same as resident-peak"},
    {"served", VALUE_COMPARE_PERCENT, EXPECT(EXPECT_SHARE_SERVED), .example = "\">= 95%\"",
     .help = "Share of the operations that the host served"},
    {"process-exits", VALUE_COMPARE_COUNT, EXPECT(EXPECT_PROCESS_EXITS), .example = "0",
     .help = "Crashes, aborts and exits of the simulated process"},
    {"injected", VALUE_COMPARE_COUNT, EXPECT(EXPECT_INJECTED), .example = "\">= 1\"",
     .help = "Failures and delays that the rules of the scenario and --inject handed out"},
    {"outcome", VALUE_CHOICE, AT(struct expectation_draft, expectation.outcome),
     .section = EXPECT_OUTCOME, .choices = choices_outcomes, .help = "How the run ends"},
    {"last-notification", VALUE_LEVELS, AT(struct expectation_draft, expectation.notices),
     .section = EXPECT_LAST_NOTICE, .choices = choices_notices, .example = "[none, high]",
     .help = "What the CLR was told last"},
    {"nothing-left-behind", VALUE_FLAG, AT(struct expectation_draft, wanted),
     .section = EXPECT_NOTHING_LEFT,
     .help = "At its end the workload gives everything back through the host; then commit "
             "charge, reserved bytes and heap blocks may not exceed what they were before its "
             "first step, and with `shutdown: release` nothing of the policy may be left"},
#define COUNTER(name_, text)                                                                       \
    {#name_, VALUE_COMPARE_COUNT, EXPECT(EXPECT_COUNTER), .least = COUNTER_##name_, .help = text},
#include "core/counters.def"
#undef COUNTER
    {0}};

/* ---- sections ---- */

const struct section sections[SECTIONS] = {
    [SECTION_TOP] = {"", "The top of a scenario", keys_top},
    [SECTION_POLICY] = {"policy", "The host policy", keys_policy},
    [SECTION_MACHINE] = {"machine", "The simulated computer", keys_machine},
    [SECTION_COSTS] = {"costs", "Virtual time that each of these takes, up to 1s", keys_costs},
    [SECTION_SCHEDULE] = {"schedule-options", "Who runs when", keys_schedule},
    [SECTION_NATIVE] = {"replay", "Every replay of the workload", keys_native},
    [SECTION_CLR] = {"clr", "What the simulated CLR does besides", keys_clr},
    [SECTION_PRESSURE] = {"pressure", "Other consumers of the computer", keys_pressure},
    [SECTION_FAULT] = {"faults", "Calls that fail", keys_fault},
    [SECTION_WHEN] = {"when", "Filters of a fault: all must hold", keys_when},
    [SECTION_EXPECT] = {"expect", "What must hold at the end", keys_expect},
    [SECTION_REPLAY] = {"replay", "A recorded program", keys_replay, .is_step = true},
    [SECTION_PHASE] = {"phase", "Traffic drawn from histograms", keys_phase, .is_step = true},
    [SECTION_TOUCH] = {"touch", "A stream of page touches", keys_touch, .is_step = true,
                       .is_nested = true},
    [SECTION_WAIT] = {"wait", "Virtual time passes", keys_wait, .is_step = true},
    [SECTION_REPEAT] = {"repeat", "Steps several times", keys_repeat, .is_step = true},
    [SECTION_TOGETHER] = {"together", "Steps side by side in virtual time", keys_together,
                          .is_step = true},
    [SECTION_ALLOCATE] = {"allocate", "New blocks of a phase", keys_allocate, .marks_given = true},
    [SECTION_PHASE_TOUCH] = {"touch", "Touches of blocks that live", keys_phase_touch,
                             .marks_given = true},
    [SECTION_PHASE_PROTECT] = {"protect", "Changes of protection of blocks that live",
                               keys_phase_protect, .marks_given = true},
    [SECTION_PHASE_FREE] = {"free", "Early ends of blocks that live", keys_phase_free,
                            .marks_given = true},
#define CALL_SECTION(slot, name_, help_)                                                           \
    [SECTION_CALL + CALL_##                                                                        \
        slot] = {name_, help_, keys_call_##slot, .is_step = true, .is_nested = true},
    CALL_TABLE(CALL_SECTION)
#undef CALL_SECTION
};
