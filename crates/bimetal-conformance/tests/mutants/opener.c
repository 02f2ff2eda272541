/*
 * Opens each file of its standard input ("PATH SYMBOL" on a line) in a child of its own, as main
 * does: all symbols at once, for itself alone. Writes one line for each: how it ended, and the
 * libraries that it brought in.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int before;

static int count(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)info, (void)size;
	++*(int *)data;
	return 0;
}

/* The first ones were there before; the next one is the file itself. */
static int name(struct dl_phdr_info *info, size_t size, void *data)
{
	int *number = data;

	(void)size;
	if (++*number > before + 1)
		printf(" %s", info->dlpi_name);
	return 0;
}

static void open_one(const char *path, const char *symbol)
{
	int number = 0;
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		printf("refused %s\n", dlerror());
	} else if (strcmp(symbol, "-") && !dlsym(library, symbol)) {
		printf("without %s\n", symbol);
	} else {
		printf("loaded");
		dl_iterate_phdr(name, &number);
		printf("\n");
	}
	fflush(stdout);
	_exit(0);
}

int main(void)
{
	char line[8192], path[4096], symbol[4096];

	/* Who asks waits for each line. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	dl_iterate_phdr(count, &before);
	while (fgets(line, sizeof line, stdin)) {
		int status;

		if (sscanf(line, "%4095s %4095s", path, symbol) != 2)
			return 2;
		fflush(stdout);
		switch (fork()) {
		case -1:
			return 3;
		case 0:
			/* A library that hangs is as bad as one that dies. */
			alarm(20);
			open_one(path, symbol);
		}
		wait(&status);
		if (WIFSIGNALED(status))
			printf("died of signal %d\n", WTERMSIG(status));
		else if (WEXITSTATUS(status))
			printf("ended with %d\n", WEXITSTATUS(status));
	}
	return 0;
}
