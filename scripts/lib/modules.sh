# shellcheck shell=bash
# Compiles the pure targets alone, without the package manager, which would build everything. Sourced after common.sh.

# compile_pure MAIN OUTPUT [FLAG...]: an optimised program of one file and the modules of the pure core.
compile_pure() {
    local main=$1 output=$2 name feature sources objects=()
    shift 2
    local compile=(swiftc -O -swift-version 6 -parse-as-library -I "$scratch" "$@")
    for feature in ExistentialAny InternalImportsByDefault MemberImportVisibility NonisolatedNonsendingByDefault; do
        compile+=(-enable-upcoming-feature "$feature")
    done
    for name in SecurityGroups CloudTrailEvents; do
        mapfile -t sources < <(find "$root/Sources/$name" -name '*.swift' | sort)
        "${compile[@]}" -wmo -emit-module -emit-module-path "$scratch/$name.swiftmodule" -module-name "$name" \
            -emit-object -o "$scratch/$name.o" "${sources[@]}" || return 1
        objects+=("$scratch/$name.o")
    done
    "${compile[@]}" "$main" "${objects[@]}" -o "$output"
}
