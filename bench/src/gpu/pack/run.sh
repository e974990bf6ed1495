#!/bin/sh
# Measures Strata's WebGPU kernels on this machine's graphics card: no installation, no network, under four minutes.
#   ./run.sh [--small] [--brief] [--seconds N] | --tiles
# --small: a software adapter will do, and little is asked of it. --brief: one model. --seconds: in all, 215 if not
# said. --tiles: how fast each shape of tile is on each product, instead of all else.
# One JSON object on standard output, everything else on standard error; 0 only if the card and all results are good.
set -eu
PATH="${PATH:-}${PATH:+:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export PATH
unset NODE_OPTIONS NODE_PATH
seconds=230
pack=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

say() { printf '%s\n' "$*" >&2; }
fail() { say "run.sh: $*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

small=no
for argument in "$@"; do [ "$argument" != --small ] || small=yes; done

# --- A temporary folder from which programs may be started ---

work='' child=''
leave() {
  [ -z "$child" ] || kill "$child" 2>/dev/null || true
  [ -z "$work" ] || rm -rf -- "$work"
}
trap leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

for base in "${TMPDIR:-/tmp}" /tmp /var/tmp /dev/shm .; do
  work=$(mktemp -d "$base/strata-gpu.XXXXXX" 2>/dev/null) || { work=''; continue; }
  printf '#!/bin/sh\nexit 0\n' >"$work/probe" && chmod 700 "$work/probe"
  "$work/probe" 2>/dev/null && break
  rm -rf -- "$work"
  work=''
done
[ -n "$work" ] || fail 'no folder for temporary programs; name one in TMPDIR.'
work=$(cd -- "$work" && pwd)

# --- A Python with PyTorch, to compare with ---

# Looks for the package without loading it, which takes seconds.
torch='import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)'
python=''
for candidate in "${STRATA_PYTHON:-}" python3 /opt/torch/.venv/bin/python3 /opt/venv/bin/python3 /opt/conda/bin/python3; do
  [ -n "$candidate" ] && has "$candidate" || continue
  if "$candidate" -c "$torch" >/dev/null 2>&1; then
    python=$(command -v "$candidate")
    break
  fi
done
unset STRATA_PYTHON
if [ -n "$python" ]; then
  say "PyTorch: $python"
  STRATA_PYTHON=$python
  export STRATA_PYTHON
else
  say 'PyTorch: none found; name a Python that has it in STRATA_PYTHON.'
fi

# --- Unpacking ---

to=''
try() { has "$1" && "$@" >"$to" 2>/dev/null && [ -s "$to" ]; }
lzma='import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1]), sys.stdout.buffer)'
unpack() {
  to=$2
  try xz -dc "$1" || try python3 -c "$lzma" "$1" || try "${python:-none}" -c "$lzma" "$1" ||
    try busybox xz -dc "$1" || try zstd -qdc "$1" || try 7z x -so "$1" || try bsdcat "$1" ||
    fail "cannot unpack $1: no xz, Python with lzma, busybox, zstd, 7z or bsdcat, or no room in $work."
}
cp -R "$pack/app" "$work/app"
chmod -R u+w "$work/app"
unpack "$pack/node.xz" "$work/node"
chmod 700 "$work/node"
mkdir -p "$work/app/node_modules/webgpu/dist"
for file in "$pack"/*.dawn.node.xz; do
  name=${file##*/}
  unpack "$file" "$work/app/node_modules/webgpu/dist/${name%.xz}"
done

# --- Libraries: the system's where it has them ---

add_libraries() {
  LD_LIBRARY_PATH="$1${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
  export LD_LIBRARY_PATH
}
cached=$(ldconfig -p 2>/dev/null || true)
# Prints where a 64-bit library is; a cache that cannot be read leaves the usual folders.
library() {
  printf '%s\n' "$cached" | sed -n "s|^.*$1 (libc6,.*=> ||p" | head -n 1
  for folder in /usr/lib/*-linux-gnu /lib64 /usr/lib64 /usr/lib /usr/local/lib $(printf %s "${LD_LIBRARY_PATH:-}" | tr : ' '); do
    [ ! -e "$folder/$1" ] || printf '%s\n' "$folder/$1"
  done
}
if [ -z "$(library libvulkan.so.1)" ]; then
  say "Vulkan's loader: the pack's"
  add_libraries "$pack/lib/vulkan"
fi
# NVIDIA's driver opens EGL's dispatcher to find its own parts; machines without a screen often lack it.
if [ -z "$(library libEGL.so.1)" ]; then
  say "EGL's dispatcher: the pack's"
  add_libraries "$pack/lib/gl"
fi
if [ -z "$(library libGLX_nvidia.so.0)$(library libEGL_nvidia.so.0)" ]; then
  for folder in /usr/local/nvidia/lib64 /usr/local/nvidia/lib /usr/lib/nvidia /usr/lib/wsl/lib; do
    [ ! -e "$folder/libGLX_nvidia.so.0" ] && [ ! -e "$folder/libEGL_nvidia.so.0" ] || { add_libraries "$folder"; break; }
  done
fi
"$work/node" --version >/dev/null 2>&1 || add_libraries "$pack/lib/c++"
version=$("$work/node" --version 2>"$work/why") || fail "Node does not start here: $(head -n 1 "$work/why")"
say "Node $version, $(uname -sm)"

# --- Vulkan drivers ---

cards='' software=''
sort_in() {
  [ -f "$1" ] || return 0
  case ${1##*/} in
    *lvp*|*swiftshader*|*swrast*) software="$software${software:+:}$1" ;;
    *) cards="$cards${cards:+:}$1" ;;
  esac
}
if [ -n "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ]; then
  drivers=${VK_DRIVER_FILES:-$VK_ICD_FILENAMES}
else
  unset VK_DRIVER_FILES VK_ICD_FILENAMES
  home=${HOME:-/root}
  for manifest in /usr/lib/chromium/vk_swiftshader_icd.json /usr/lib/chromium-browser/vk_swiftshader_icd.json \
    /opt/google/chrome/vk_swiftshader_icd.json "$home"/.cache/ms-playwright/*/chrome-linux*/vk_swiftshader_icd.json \
    /usr/local/nvidia/share/vulkan/icd.d/*.json /usr/local/nvidia/vulkan/icd.d/*.json /usr/share/nvidia/vulkan/icd.d/*.json \
    /etc/vulkan/icd.d/*.json /usr/local/etc/vulkan/icd.d/*.json \
    /usr/local/share/vulkan/icd.d/*.json /usr/share/vulkan/icd.d/*.json \
    "${XDG_CONFIG_HOME:-$home/.config}"/vulkan/icd.d/*.json "${XDG_DATA_HOME:-$home/.local/share}"/vulkan/icd.d/*.json; do
    sort_in "$manifest"
  done
  # NVIDIA's driver without its manifest, or one that needs an X11 which is not there: its EGL library will do.
  glx=$(library libGLX_nvidia.so.0 | head -n 1)
  egl=$(library libEGL_nvidia.so.0 | head -n 1)
  nvidia=''
  case $cards in
    *nvidia*) [ -z "$glx" ] || ! ldd "$glx" 2>/dev/null | grep -q 'not found' || nvidia=$egl ;;
    *) nvidia=${egl:-$glx} ;;
  esac
  if [ -n "$nvidia" ]; then
    printf '{"file_format_version":"1.0.0","ICD":{"library_path":"%s","api_version":"1.3.0"}}\n' "${nvidia##*/}" >"$work/nvidia.json"
    cards="$work/nvidia.json${cards:+:}$cards"
  fi
  # SwiftShader before lavapipe, which Dawn refuses in older versions; a software driver passes for no card.
  if [ "$small" = yes ]; then drivers=${software%%:*}; drivers=${drivers:-$cards}; else drivers=${cards:-$software}; fi
fi
if [ -n "$drivers" ]; then
  say "Vulkan drivers: $drivers"
  # Older loaders know the second name only.
  VK_DRIVER_FILES=$drivers VK_ICD_FILENAMES=$drivers
  export VK_DRIVER_FILES VK_ICD_FILENAMES
else
  say 'Vulkan drivers: none found; name the manifest of one in VK_DRIVER_FILES.'
fi

# --- The measurement ---

limit=''
has timeout && limit="timeout -k 5 $seconds"
# In the background, so that a signal to this script is seen at once.
$limit "$work/node" "$work/app/main.js" "$@" </dev/null &
child=$!
status=0
wait "$child" || status=$?
child=''
[ "$status" -ne 124 ] || say "run.sh: not done after $seconds seconds."
exit "$status"
