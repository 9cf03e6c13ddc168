/* Lines of trace logs. See trace_line.h. */
#include "harness/trace_line.h"

#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "core/sim.h"
#include "harness/event_text.h"
#include "harness/report.h"

#define COLUMNS_MIN 60     /* narrower terminals get lines of this width */
#define CONTINUED_INDENT 4 /* of the second and further lines of a record */
#define ID_WIDTH_MIN 6     /* "#event" */
#define FRACTION_WIDTH 10  /* ".123456789" */

static unsigned digits(uint64_t number)
{
    unsigned count = 1;
    for (; number >= 10; number /= 10)
        count++;
    return count;
}

static unsigned terminal_columns(FILE *out)
{
    struct winsize size;
    if (!isatty(fileno(out)) || ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 0;
    return size.ws_col < COLUMNS_MIN ? COLUMNS_MIN : size.ws_col;
}

void line_style_init(struct line_style *style, FILE *out, uint64_t count, uint64_t last_ns)
{
    unsigned width = digits(count ? count - 1 : 0);
    *style = (struct line_style){.out = out,
                                 .id_width = width < ID_WIDTH_MIN ? ID_WIDTH_MIN : width,
                                 .time_width = digits(last_ns / 1000000000) + FRACTION_WIDTH,
                                 .columns = terminal_columns(out),
                                 .colour = use_colour(out)};
}

static const char *colour_of(enum line_tone tone)
{
    static const char *const colours[] = {
        [LINE_PLAIN] = "",          [LINE_CALL] = "\033[1m",    [LINE_QUIET] = "\033[2m",
        [LINE_NOTICE] = "\033[36m", [LINE_FAILED] = "\033[31m", [LINE_REMOVED] = "\033[31m",
        [LINE_ADDED] = "\033[32m"};
    return colours[tone];
}

/* How much of the text fits into `room` columns, cut where a reader would: behind an argument,
 * before a result, between words. */
static size_t fitting(const char *text, size_t room)
{
    size_t length = strlen(text), comma = 0, word = 0, open = 0;
    if (length <= room)
        return length;
    for (size_t i = 1; i <= room; i++) {
        bool before_result = strncmp(text + i, " = ", 3) == 0 || strncmp(text + i, " -> ", 4) == 0;
        if (i > 1 && text[i - 1] == '(' && text[i - 2] != ' ' && open == 0)
            open = i;
        if (text[i] != ' ')
            continue;
        word = i;
        if (text[i - 1] == ',' || text[i - 1] == ':' || before_result)
            comma = i;
    }
    return comma ? comma : open ? open : word ? word : room;
}

static unsigned put_prefix(const struct line_style *style, const struct line *line)
{
    unsigned columns = (unsigned)strlen(line->mark) + style->id_width + style->time_width + 8;
    FILE *out = style->out;
    fputs(line->mark, out);
    if (line->numbered) {
        uint64_t seconds = line->time_ns / 1000000000;
        fprintf(out, "%*" PRIu64 "  %*" PRIu64 ".%09" PRIu64 "  t%-2" PRIu32 " ",
                (int)style->id_width, line->id, (int)(style->time_width - FRACTION_WIDTH), seconds,
                line->time_ns % 1000000000, line->thread);
    } else {
        fprintf(out, "%*s", (int)(columns - strlen(line->mark)), "");
    }
    fprintf(out, "%*s", (int)line->indent, "");
    return columns + line->indent;
}

void line_put(const struct line_style *style, const struct line *line)
{
    const char *colour = style->colour ? colour_of(line->tone) : "";
    bool whole = line->tone == LINE_REMOVED || line->tone == LINE_ADDED; /* mark and number too */
    FILE *out = style->out;
    if (whole)
        fputs(colour, out);
    size_t columns = put_prefix(style, line);
    if (!whole)
        fputs(colour, out);
    const char *text = line->text;
    size_t room = style->columns > columns + CONTINUED_INDENT ? style->columns - columns : SIZE_MAX;
    for (size_t length = fitting(text, room); *text; length = fitting(text, room)) {
        fprintf(out, "%.*s", (int)length, text);
        text += length + strspn(text + length, " ");
        if (*text == '\0')
            break;
        fprintf(out, "\n%s%*s", line->mark, (int)(columns + CONTINUED_INDENT - strlen(line->mark)),
                "");
        room = style->columns > columns + 2 * CONTINUED_INDENT
                   ? style->columns - columns - CONTINUED_INDENT
                   : SIZE_MAX;
    }
    fprintf(out, "%s\n", *colour ? "\033[0m" : "");
}

enum line_tone line_tone_of(const struct event *event)
{
    if (event_is_failure(event))
        return LINE_FAILED;
    if (event_is_host_call(event->kind))
        return LINE_CALL;
    if (event_is_page(event->kind))
        return LINE_QUIET;
    bool notice = event->kind == EVENT_clr_Notification || event->kind == EVENT_pressure ||
                  event->kind == EVENT_run_begin || event->kind == EVENT_run_end;
    return notice ? LINE_NOTICE : LINE_PLAIN;
}
