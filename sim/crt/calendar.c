/* Dates. See calendar.h. Years are counted from March on, so that the leap day comes last. */
#include "crt/calendar.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "core/check.h"

#define DAY_S INT64_C(86400)
#define DAYS_IN_400_YEARS 146097
/* Days from 1 March of the year 0 to 1 January 1970. */
#define DAYS_TO_1970 719468

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days before 1 March of a year that is counted from March. */
static int64_t days_before_year(int64_t year)
{
    return year * 365 + floor_divide(year, 4) - floor_divide(year, 100) + floor_divide(year, 400);
}

/* Days before a month (0: March) of such a year: 31 30 31 30 31 31 30 31 30 31 31. */
static int64_t days_before_month(int64_t month)
{
    return (153 * month + 2) / 5;
}

void calendar_date(int64_t unix_s, struct tm *date)
{
    int64_t days = floor_divide(unix_s, DAY_S);
    int64_t second = unix_s - days * DAY_S;
    CHECK(second >= 0 && second < DAY_S);
    int64_t day = days + DAYS_TO_1970;
    int64_t year = floor_divide(day * 400, DAYS_IN_400_YEARS) + 1;
    while (days_before_year(year) > day)
        year--;
    day -= days_before_year(year);
    int64_t month = (5 * day + 2) / 153;
    CHECK(day >= 0 && day < 366);
    CHECK(month >= 0 && month < 12);
    *date = (struct tm){.tm_sec = (int)(second % 60),
                        .tm_min = (int)(second / 60 % 60),
                        .tm_hour = (int)(second / 3600),
                        .tm_mday = (int)(day - days_before_month(month)) + 1,
                        .tm_mon = (int)((month + 2) % 12)};
    CHECK(date->tm_mday >= 1 && date->tm_mday <= 31);
    CHECK(date->tm_hour < 24);
    int64_t calendar_year = year + (month >= 10);
    date->tm_year = (int)(calendar_year - 1900);
    date->tm_wday = (int)((days % 7 + 11) % 7); /* 1970 began on a Thursday */
    date->tm_yday = (int)(month >= 10 ? day - 306 : day + 59 + is_leap(calendar_year));
    date->tm_zone = "UTC";
}

int64_t calendar_seconds(const struct tm *date)
{
    int64_t months = date->tm_mon - INT64_C(2); /* from March */
    int64_t year = date->tm_year + INT64_C(1900) + floor_divide(months, 12);
    int64_t month = months - floor_divide(months, 12) * 12;
    int64_t days = days_before_year(year) + days_before_month(month) + date->tm_mday - 1;
    return (days - DAYS_TO_1970) * DAY_S + date->tm_hour * INT64_C(3600) +
           date->tm_min * INT64_C(60) + date->tm_sec;
}

/* ---- strftime ---- */

static const char *const days_of_week[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                           "Thursday", "Friday", "Saturday"};
static const char *const months_of_year[] = {"January",   "February", "March",    "April",
                                             "May",       "June",     "July",     "August",
                                             "September", "October",  "November", "December"};

static const char *name_in(const char *const *names, int count, int index)
{
    return index >= 0 && index < count ? names[index] : "?";
}

/* Directives that stand for a longer format. */
static const char *expansion(char directive)
{
    switch (directive) {
    case 'c':
        return "%a %b %e %H:%M:%S %Y";
    case 'D':
    case 'x':
        return "%m/%d/%y";
    case 'F':
        return "%Y-%m-%d";
    case 'r':
        return "%I:%M:%S %p";
    case 'R':
        return "%H:%M";
    case 'T':
    case 'X':
        return "%H:%M:%S";
    default:
        return NULL;
    }
}

/* A directive that is a number: its printf format, and the number. */
static const char *number_of(char directive, const struct tm *d, int64_t *number)
{
    int year = d->tm_year + 1900;
    switch (directive) {
    case 'C':
        return *number = floor_divide(year, 100), "%02lld";
    case 'd':
        return *number = d->tm_mday, "%02lld";
    case 'e':
        return *number = d->tm_mday, "%2lld";
    case 'H':
        return *number = d->tm_hour, "%02lld";
    case 'I':
        return *number = (d->tm_hour + 11) % 12 + 1, "%02lld";
    case 'j':
        return *number = d->tm_yday + 1, "%03lld";
    case 'm':
        return *number = d->tm_mon + 1, "%02lld";
    case 'M':
        return *number = d->tm_min, "%02lld";
    case 's':
        return *number = calendar_seconds(d), "%lld";
    case 'S':
        return *number = d->tm_sec, "%02lld";
    case 'u':
        return *number = (d->tm_wday + 6) % 7 + 1, "%lld";
    case 'w':
        return *number = d->tm_wday, "%lld";
    case 'y':
        return *number = ((year % 100) + 100) % 100, "%02lld";
    case 'Y':
        return *number = year, "%lld";
    default:
        return NULL;
    }
}

static void one_directive(char text[64], char directive, const struct tm *d)
{
    int64_t number;
    const char *format = number_of(directive, d, &number);
    const char *word = NULL;
    if (format) {
        snprintf(text, 64, format, (long long)number);
        return;
    }
    switch (directive) {
    case 'a':
    case 'A':
        word = name_in(days_of_week, 7, d->tm_wday);
        break;
    case 'b':
    case 'B':
    case 'h':
        word = name_in(months_of_year, 12, d->tm_mon);
        break;
    case 'p':
        word = d->tm_hour < 12 ? "AM" : "PM";
        break;
    case 'z':
        word = "+0000";
        break;
    case 'Z':
        word = "UTC";
        break;
    }
    bool is_short = directive == 'a' || directive == 'b' || directive == 'h';
    if (word)
        snprintf(text, 64, is_short ? "%.3s" : "%s", word);
    else if (directive == '%' || directive == 'n' || directive == 't')
        snprintf(text, 64, "%s", directive == 'n' ? "\n" : directive == 't' ? "\t" : "%");
    else
        snprintf(text, 64, "%%%c", directive);
}

/* Appends to the target; *length goes on counting when it is full. */
static void format_at(char *target, size_t room, size_t *length, const char *format,
                      const struct tm *date)
{
    for (; *format; format++) {
        char text[64] = {*format};
        if (*format == '%' && format[1]) {
            format++;
            if ((*format == 'E' || *format == 'O') && format[1])
                format++; /* other calendars and digits: none in the C locale */
            const char *longer = expansion(*format);
            if (longer) {
                format_at(target, room, length, longer, date);
                continue;
            }
            one_directive(text, *format, date);
        }
        for (const char *at = text; *at; at++, ++*length)
            if (*length < room)
                target[*length] = *at;
    }
}

size_t calendar_format(char *target, size_t room, const char *format, const struct tm *date)
{
    size_t length = 0;
    format_at(target, room, &length, format, date);
    if (length >= room)
        return 0;
    target[length] = '\0';
    return length;
}
