"""The environment that a job's kernel sees: an allow-list, and what makes results repeatable.

A kernel gets neither the user's variables (a secret may stand there) nor the user's settings of
IPython and matplotlib (they change what a report looks like).
"""

from __future__ import annotations

import os
import platform
import site
from pathlib import Path

from workbench.workspace import JOB_VARIABLE, ROOT_VARIABLE, Workspace

__all__ = ["engine_facts", "kernel_environment", "matplotlib_folder"]

_ALLOWED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC")
_FIXED = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONIOENCODING": "utf-8",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "LANG": "C.UTF-8",
    "NO_COLOR": "1",
}
_CORE = "OPENBLAS_CORETYPE"


def matplotlib_folder(workspace: Workspace) -> Path:
    """Return the folder of matplotlib's font list: the project's own, so that no user's is read."""
    return workspace.data / ".cache" / "matplotlib"


def kernel_environment(workspace: Workspace, folder: Path, job_file: Path) -> dict[str, str]:
    """Return all variables of a job's kernel.

    Parameters
    ----------
    workspace
        The project.
    folder
        The job's own working folder; it stands in for the home and the folder of temporary files.
    job_file
        The file with the job's facts.
    """
    found = {name: os.environ[name] for name in _ALLOWED if name in os.environ}
    if "PYTHONPATH" in os.environ:
        parts = os.environ["PYTHONPATH"].split(os.pathsep)
        found["PYTHONPATH"] = os.pathsep.join(str(Path(part).resolve()) for part in parts if part)
    if site.ENABLE_USER_SITE:  # packages may be installed below the true home
        found["PYTHONUSERBASE"] = site.getuserbase()
    return {
        **found,
        **_FIXED,
        **_core(),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "IPYTHONDIR": str(folder / ".ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / ".jupyter"),
        "MPLCONFIGDIR": str(matplotlib_folder(workspace)),
        ROOT_VARIABLE: str(workspace.root),
        JOB_VARIABLE: str(job_file),
    }


def engine_facts() -> dict[str, str]:
    """Return what of the environment can change a report's last bits, for the job key."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        **_FIXED,
        **_core(),
    }


def _core() -> dict[str, str]:
    """Fix the processor family that OpenBLAS computes for, as far as this machine can.

    OpenBLAS picks its kernels by the processor, and another family gives other last bits.
    """
    if _CORE in os.environ:
        return {_CORE: os.environ[_CORE]}
    machine = platform.machine().lower()
    if machine in {"x86_64", "amd64"}:
        return {_CORE: "Haswell" if _has_avx2() else "Nehalem"}
    if machine in {"aarch64", "arm64"}:
        return {_CORE: "ARMV8"}
    return {}


def _has_avx2() -> bool:
    """Tell whether the processor has AVX2, which every x86 server since 2013 has."""
    try:
        return " avx2 " in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:  # not Linux: there is no cheap way to ask
        return True
