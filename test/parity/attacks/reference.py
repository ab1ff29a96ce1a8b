"""The reference implementation: fra31/auto-attack at commit a39220048b3c9f2cca9a4d3a54604793c68eca7e (2023-01-09, MIT).

PyPI has no copy of it: `pyautoattack` 0.2.0 is a fork that differs in five of these files. It is fetched by

    git clone https://github.com/fra31/auto-attack && git -C auto-attack checkout a3922004
"""

import hashlib
import sys
from pathlib import Path

DIGESTS = {
    "autoattack.py": "7d42c63fdc27fee664fd9a356a831e9934cadfbba6d38d8a893c72ebb7e6e695",
    "autopgd_base.py": "6d18fa7da2c23a86046872a9bed82b1eb9f7a6519829cd3d797189759a7c2b37",
    "checks.py": "32d1deb1267db22f47d6fb17852c825229ad42354a38228e83f5e5c657c628c6",
    "fab_base.py": "3b0ce5862521a101cf60c9cbfddb10cf9e6a0546675b1a86b3bb85e936d00091",
    "fab_projections.py": "d2e095000c0ecd85f0eb22605465636487259c57147b4b2bd091c6ea86fb5bde",
    "fab_pt.py": "f5ff65509248bb32e03252c248105d8bae177dd55eda9ee32e9a0087cc4ca36c",
    "other_utils.py": "a06a038ab1ca59a2d8f09642b9a4e7f6e9b249cd8e6c6a9cbd308f47649268df",
    "square.py": "587bbbf846f4ff9d5f643c6c732e2786188cb6baee65ae97a7dcf97c916cdb6e",
    "state.py": "53985fbb8f8b062ec4e2b6868ec10702c3167ca16c397ce8bbfbc3e3b52dcc21",
}


def load_reference(checkout):
    """Puts a checkout on the path, and refuses one whose files are not those of the commit."""
    for name, digest in DIGESTS.items():
        file = Path(checkout) / "autoattack" / name
        if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            raise SystemExit(f"{file} is not that of fra31/auto-attack@a3922004; check out that commit and give its folder.")
    sys.path.insert(0, str(checkout))
