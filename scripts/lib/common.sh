# shellcheck shell=bash
# What every script shares: where the checkout is, how to speak, how to show progress. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

spinner="|/-\\"

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "error: $*"
    exit 1
}

# with_progress LABEL COMMAND...: runs a long command. Its output is shown only if it fails; meanwhile one line tells
# the time and the last thing it said: rewritten in place on a terminal, else one line every quarter of a minute.
with_progress() {
    local label=$1 log="$scratch/progress.log" started=$SECONDS status=0 ticker
    shift
    : >"$log"
    [[ -t 2 ]] || say "$label ..."
    show_progress "$label" "$log" &
    ticker=$!
    # In the foreground, so that Ctrl-C reaches it.
    "$@" >"$log" 2>&1 </dev/null || status=$?
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
    if [[ -t 2 ]]; then printf '\r\033[K' >&2; fi
    if ((status != 0)); then
        tail -n 40 "$log" >&2
        fail "$label failed after $((SECONDS - started)) s (exit $status); the output's end is above."
    fi
    say "$label: done in $((SECONDS - started)) s"
}

show_progress() {
    local label=$1 log=$2 started=$SECONDS turn=0 spoke=$SECONDS columns last
    columns=$(tput cols 2>/dev/null || echo 80)
    # The parent may be killed without a chance to end this loop. The naps are short, because one that is left over
    # keeps the terminal's or pipe's end open.
    while sleep 0.2 && kill -0 "$$" 2>/dev/null; do
        [[ -t 2 ]] || ((SECONDS - spoke >= 15)) || continue
        spoke=$SECONDS
        last=$(tail -n 1 "$log" 2>/dev/null | tr -d '\r' || true)
        last="$label: $((SECONDS - started)) s  $last"
        if [[ -t 2 ]]; then
            turn=$(((turn + 1) % 4))
            printf '\r\033[K%s %s' "${spinner:turn:1}" "${last:0:columns-3}" >&2
        else
            say "${last:0:120}"
        fi
    done
}
