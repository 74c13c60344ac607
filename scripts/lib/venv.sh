# shellcheck shell=bash
# Makes Python environments. Sourced after common.sh.

# make_venv [FOLDER REQUIREMENTS]: by default .venv, with the AWS emulator and the linters.
make_venv() {
    local venv="$root/${1:-.venv}" requirements="$root/scripts/lib/${2:-requirements.txt}" stamp wanted
    stamp="$venv/made-from"
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
        fail "$(python3 --version) is too old for the AWS emulator. Put Python 3.10 or newer first in PATH."
    # An environment holds the path it was made at, so a checkout that was moved makes a new one.
    wanted=$(printf '%s\n' "$root" "$(python3 --version)" "$(cat "$requirements")")

    # Two scripts may start at once on a fresh checkout; the lock is on a file that is there anyway.
    exec 9<"$requirements"
    flock 9
    if [[ ! -x $venv/bin/python || $(cat "$stamp" 2>/dev/null) != "$wanted" ]]; then
        rm -rf "$venv"
        with_progress "Making the Python environment" fill_venv "$venv" "$requirements"
        printf '%s\n' "$wanted" >"$stamp"
    fi
    exec 9<&-
}

fill_venv() {
    python3 -m venv "$1" &&
        "$1/bin/python" -m pip install --disable-pip-version-check --no-input --requirement "$2"
}
