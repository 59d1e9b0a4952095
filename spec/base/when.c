/* SPDX-License-Identifier: Apache-2.0 */
/* when: days since 1970 to a date of the Gregorian calendar, by arithmetic. */
#include "spec/base/when.h"

#include <stdio.h>

enum {
	DAY_SECONDS = 86400,
	DAYS_OF_400_YEARS = 146097,
	DAYS_TO_1970 = 719468, /* from 1 March of the year 0 */
};

/* Years begin in March, so that the day that some years lack is the last of them. */
static void date_of(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t n = days + DAYS_TO_1970;
	int64_t era = (n >= 0 ? n : n - (DAYS_OF_400_YEARS - 1)) / DAYS_OF_400_YEARS;
	int of_era = (int)(n - era * DAYS_OF_400_YEARS);
	int year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int from_march = (5 * of_year + 2) / 153;

	*day = of_year - (153 * from_march + 2) / 5 + 1;
	*month = from_march < 10 ? from_march + 3 : from_march - 9;
	*year = year_of_era + era * 400 + (*month <= 2);
}

void when_text(const struct timespec *t, char out[WHEN_SIZE])
{
	int64_t days = t->tv_sec / DAY_SECONDS, year;
	int seconds = (int)(t->tv_sec % DAY_SECONDS), month, day;

	if (seconds < 0) {
		days--;
		seconds += DAY_SECONDS;
	}
	date_of(days, &year, &month, &day);
	snprintf(out, WHEN_SIZE, "%04lld-%02d-%02dT%02d:%02d:%02d.%09ldZ", (long long)year, month,
		 day, seconds / 3600, seconds / 60 % 60, seconds % 60, t->tv_nsec);
}

void when_now(char out[WHEN_SIZE])
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	when_text(&now, out);
}

int64_t when_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
