#!/bin/sh
# Prints the command of the first Python >= 3.11 here, or says what to do.
# Each candidate is run, not only looked up: a version manager's shim may exist and still not work.
for candidate in ${PYTHON:+"$PYTHON"} python3.13 python3.12 python3.11 python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        printf '%s\n' "$candidate"
        exit 0
    fi
    if [ "$candidate" = "${PYTHON:-}" ]; then
        echo "make setup: PYTHON=$PYTHON does not run, or is older than Python 3.11." >&2
        exit 2
    fi
done
echo "make setup: no Python >= 3.11 found (tried python3.13, python3.12, python3.11, python3)." >&2
echo "Install one, or name it: make setup PYTHON=/path/to/python3.12" >&2
exit 2
