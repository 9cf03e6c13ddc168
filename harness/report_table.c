/* Several runs at a glance. See report.h. */
#include <stdlib.h>
#include <string.h>
#include "harness/options.h"
#include "harness/report.h"

#define LABEL_COLUMNS_MAX 40
#define GAP 2

struct table {
    const struct report_run *runs;
    uint32_t count;
    uint32_t *rows, *columns; /* first run of each scenario and policy, in order of appearance */
    uint32_t rows_count, columns_count;
    uint8_t *worst; /* outcome + 1 of each cell, 0: no run */
    size_t label;   /* columns of the scenarios' names */
};

/* Two things of one name are two rows: told apart by where they come from. */
static uint32_t find_row(const struct table *table, uint32_t run)
{
    uint32_t i = 0;
    while (i < table->rows_count &&
           table->runs[table->rows[i]].spec.plan != table->runs[run].spec.plan)
        i++;
    return i;
}

static uint32_t find_column(const struct table *table, uint32_t run)
{
    uint32_t i = 0;
    while (i < table->columns_count && strcmp(table->runs[table->columns[i]].spec.policy_path,
                                              table->runs[run].spec.policy_path) != 0)
        i++;
    return i;
}

static const char *row_name(const struct table *table, uint32_t row)
{
    return table->runs[table->rows[row]].spec.scenario;
}

static const char *column_name(const struct table *table, uint32_t column)
{
    return table->runs[table->columns[column]].spec.policy;
}

static void name_rows_and_columns(struct table *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        if (find_row(table, i) == table->rows_count)
            table->rows[table->rows_count++] = i;
        if (find_column(table, i) == table->columns_count)
            table->columns[table->columns_count++] = i;
    }
}

static void fill(struct table *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        uint32_t place = find_row(table, i) * table->columns_count + find_column(table, i);
        uint8_t outcome = (uint8_t)(table->runs[i].result->outcome + 1);
        if (outcome > table->worst[place])
            table->worst[place] = outcome;
    }
    for (uint32_t r = 0; r < table->rows_count; r++) {
        size_t length = strlen(row_name(table, r));
        if (length <= LABEL_COLUMNS_MAX && length > table->label)
            table->label = length;
    }
}

static const char *cell_word(const struct table *table, uint32_t row, uint32_t column)
{
    uint8_t worst = table->worst[row * table->columns_count + column];
    return worst ? outcome_name((enum outcome)(worst - 1)) : "-";
}

static size_t column_width(const struct table *table, uint32_t column)
{
    size_t width = strlen(column_name(table, column));
    for (uint32_t r = 0; r < table->rows_count; r++) {
        size_t length = strlen(cell_word(table, r, column));
        width = length > width ? length : width;
    }
    return width;
}

/* Rows for the policies from `first` on that fit into 80 columns; returns the one behind them. */
static uint32_t put_block(const struct table *table, uint32_t first, FILE *out)
{
    size_t used = table->label;
    uint32_t end = first;
    while (end < table->columns_count &&
           (end == first || used + GAP + column_width(table, end) <= LINE_COLUMNS))
        used += GAP + column_width(table, end++);
    fprintf(out, "\n%*s", (int)table->label, "");
    for (uint32_t c = first; c < end; c++)
        fprintf(out, "%*s%-*s", GAP, "", c + 1 < end ? (int)column_width(table, c) : 0,
                column_name(table, c));
    fputc('\n', out);
    for (uint32_t r = 0; r < table->rows_count; r++) {
        /* A name too long for its column has a line of its own. */
        bool fits = strlen(row_name(table, r)) <= table->label;
        if (!fits)
            fprintf(out, "%s\n", row_name(table, r));
        fprintf(out, "%-*s", (int)table->label, fits ? row_name(table, r) : "");
        for (uint32_t c = first; c < end; c++)
            fprintf(out, "%*s%-*s", GAP, "", c + 1 < end ? (int)column_width(table, c) : 0,
                    cell_word(table, r, c));
        fputc('\n', out);
    }
    return end;
}

void report_table(const struct report_run *runs, uint32_t count, FILE *out)
{
    struct table table = {.runs = runs, .count = count, .label = 8};
    table.rows = calloc(count, sizeof *table.rows);
    table.columns = calloc(count, sizeof *table.columns);
    if (table.rows && table.columns)
        name_rows_and_columns(&table);
    uint64_t cells = (uint64_t)table.rows_count * table.columns_count;
    table.worst = cells > 1 ? calloc(cells, 1) : NULL;
    if (table.worst) {
        fill(&table);
        for (uint32_t first = 0; first < table.columns_count;)
            first = put_block(&table, first, out);
    }
    free(table.rows);
    free(table.columns);
    free(table.worst);
}

#define NAMED_MAX 3

/* " in arena, quota": whose runs these are. */
static void put_policies(const struct report_run *runs, uint32_t count, enum outcome outcome,
                         FILE *out)
{
    const char *names[NAMED_MAX];
    uint32_t named = 0, others = 0;
    for (uint32_t i = 0; i < count; i++) {
        const char *policy = runs[i].spec.policy;
        bool known = runs[i].result->outcome != outcome;
        for (uint32_t n = 0; n < named; n++)
            known = known || strcmp(names[n], policy) == 0;
        if (!known && named < NAMED_MAX)
            names[named++] = policy;
        else
            others += !known;
    }
    for (uint32_t n = 0; n < named; n++)
        fprintf(out, "%s%s", n ? ", " : " in ", names[n]);
    if (others)
        fputs(" and others", out);
}

void report_totals(const struct report_totals *totals, const struct report_run *runs,
                   uint32_t count, FILE *out)
{
    static const char *const many[] = {"ok",      "findings",       "no-progress",
                                       "crashes", "nondeterminism", "internal"};
    char text[32], *line = NULL;
    size_t line_bytes = 0;
    FILE *to = open_memstream(&line, &line_bytes);
    if (!to)
        return;
    fprintf(to, "%s run%s:", count_text(totals->runs, text, sizeof text),
            totals->runs == 1 ? "" : "s");
    bool any = false;
    for (int i = 0; i <= OUTCOME_INTERNAL; i++) {
        if (totals->by_outcome[i] == 0)
            continue;
        fprintf(to, "%s %s %s", any ? "," : "",
                count_text(totals->by_outcome[i], text, sizeof text),
                totals->by_outcome[i] == 1 ? outcome_name((enum outcome)i) : many[i]);
        if (i != OUTCOME_OK)
            put_policies(runs, count, (enum outcome)i, to);
        any = true;
    }
    fclose(to);
    put_wrapped(line, 0, out);
    free(line);
}
