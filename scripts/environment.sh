# Sourced by the other scripts: makes the environment in .venv once, and again when its inputs change.
# Needs git and Python 3.10 to 3.13, and is faster with uv; sets `python`. Not a command itself.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

find_python() {
  local candidate
  for candidate in "${LOSSLAB_PYTHON:-}" python3.11 python3.12 python3.13 python3.10 python3 python; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  echo "losslab needs Python 3.10 to 3.13: install one, or set LOSSLAB_PYTHON to it" >&2
  return 1
}

# make_environment EXTRAS: with the optional dependencies EXTRAS ("" or "dev").
make_environment() {
  local extras=$1 found stamp wanted install
  found=$(find_python)
  wanted="$extras $("$found" -c 'import sys; print(sys.version, sys.prefix)') $(cat "$root/pyproject.toml" "$root/constraints.txt" | cksum)"
  stamp="$root/.venv/losslab-environment-$extras"
  if command -v flock >/dev/null; then # commands started together wait for each other here
    exec 9> "$root/.venv.lock"
    flock 9
  fi
  if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
    echo "Making the environment in .venv (takes some minutes and several GB the first time) ..."
    "$found" -m venv "$root/.venv"
    python="$root/.venv/bin/python"
    if command -v uv >/dev/null; then # downloads and unpacks side by side: https://docs.astral.sh/uv/pip/
      install=(uv pip install --python "$python")
    else
      "$python" -m pip install --quiet --upgrade "pip>=24"
      install=("$python" -m pip install)
    fi
    "${install[@]}" --quiet --constraint "$root/constraints.txt" --editable "$root${extras:+[$extras]}"
    echo "$wanted" > "$stamp"
  fi
  if command -v flock >/dev/null; then
    flock --unlock 9
    exec 9>&-
  fi
  python="$root/.venv/bin/python"
  PATH="$root/.venv/bin:$PATH"
}
