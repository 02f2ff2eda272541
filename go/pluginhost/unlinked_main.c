//go:build bimetal_host_only

// Stands in for the part of main that its builder writes, where tests link the host without it.
void bimetal_main_init(void) {
}
