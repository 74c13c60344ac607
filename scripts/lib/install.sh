# shellcheck shell=bash
# Installs what the build and the tests need and the machine lacks. Sourced after common.sh.

# libxml2 is what FoundationXML loads at run time, and links where the Swift runtime is linked in.
packages=(ca-certificates git libcurl4-openssl-dev libsqlite3-dev libssl-dev libxml2-dev pkg-config)

install_missing() {
    check_swift
    local missing=() package sudo=()
    if ! command -v apt-get >/dev/null; then
        check_libraries
        return
    fi
    for package in "${packages[@]}"; do
        is_installed "$package" || missing+=("$package")
    done
    # A Python from elsewhere than Debian's packages brings these two modules itself.
    has_venv || missing+=(python3 python3-venv)
    ((${#missing[@]} > 0)) || return 0

    if ((EUID != 0)); then
        command -v sudo >/dev/null || fail "Packages are missing. As root, run: apt-get install -y ${missing[*]}"
        sudo=(sudo)
        say "Installing ${missing[*]} (sudo may ask for your password)"
        sudo -v || fail "Packages are missing. As root, run: apt-get install -y ${missing[*]}"
    fi
    # Another run may hold apt's lock; it is waited for.
    local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
    with_progress "Updating the package lists" "${apt[@]}" update
    with_progress "Installing ${missing[*]}" "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
}

# Takes promtool, which checks the alert rules, out of Debian's package into the Python environment: installing the
# package would start a server. Without it its tests are skipped.
fetch_promtool() {
    if command -v promtool >/dev/null || [[ -x $root/.venv/bin/promtool ]] || ! command -v apt-get >/dev/null; then
        return 0
    fi
    (cd "$scratch" && apt-get download prometheus >/dev/null 2>&1 && dpkg-deb -x prometheus_*.deb prometheus &&
        install -m 755 prometheus/usr/bin/promtool "$root/.venv/bin/promtool") ||
        say "promtool could not be fetched; the alert rules are not checked with it"
}

is_installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

has_venv() {
    python3 -c 'import ensurepip, venv' 2>/dev/null
}

check_swift() {
    command -v swift >/dev/null || fail "Swift is missing. Install 6.2 or newer from https://www.swift.org/install/linux"
    local version major minor
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    IFS=. read -r major minor <<<"$version"
    if ((${major:-0} < 6 || (major == 6 && minor < 2))); then
        fail "Swift ${version:-of an unknown version} is too old. Install 6.2 or newer from https://www.swift.org/install/linux"
    fi
}

# Without apt there is nothing to install with, only to look.
check_libraries() {
    pkg-config --exists libcurl libcrypto sqlite3 2>/dev/null ||
        fail "Install pkg-config and the development files of libcurl, OpenSSL and SQLite, and libxml2, with your package manager."
    has_venv || fail "Install Python 3 with its venv module, with your package manager."
}
