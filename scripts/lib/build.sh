# shellcheck shell=bash
# Builds what people run. Sourced after common.sh.

# build_release PRODUCT...: optimised, with the Swift runtime linked in, so that the program runs where no Swift is.
build_release() {
    local product commit
    # A checkout without git, such as an unpacked tarball, names no commit.
    commit=$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null || true)
    [[ -z $commit || -z $(git -C "$root" status --porcelain --untracked-files=no 2>/dev/null) ]] || commit+="+"
    for product in "$@"; do
        SG_REVERT_COMMIT=$commit swift build --package-path "$root" -c release --static-swift-stdlib --product "$product"
    done
}

# Where build_release puts the programs.
release_folder() {
    swift build --package-path "$root" -c release --static-swift-stdlib --show-bin-path
}
