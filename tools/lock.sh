#!/bin/sh
# Writes the three hash-pinned locks again, for maintainers: `make lock` (needs uv).
# Pins stay as they are where they still fit; `sh tools/lock.sh --upgrade` takes the newest ones.
# They are universal: one file serves Linux, macOS and Windows, and each Python from 3.11 on.
set -eu
cd "$(dirname "$0")/.."
command -v uv >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/" >&2; exit 2; }

upgrade="${1:-}"

# A relative input and a fixed header: no path and no index of the maintainer's machine gets in.
compile() {
    uv pip compile --quiet ${upgrade:+"$upgrade"} --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --custom-compile-command "make lock" "$@"
}

compile --extra dev pyproject.toml -o requirements.lock
compile --constraint requirements.lock pyproject.toml benchmarks/requirements.in \
    -o benchmarks/requirements.lock
# quarto-cli alone: its dependencies serve notebooks that Quarto itself executes; here it never does.
echo 'quarto-cli>=1.9' | compile --no-deps --no-annotate - -o requirements-quarto.lock
