"""Places where machines stand."""

from __future__ import annotations

from shared.domain.errors import Invalid

# Members of the European Union and of the single market around it, Switzerland and the United
# Kingdom: near each other on the network, which is what a region is chosen for.
_EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "HR",
        "CY",
        "CZ",
        "DK",
        "EE",
        "FI",
        "FR",
        "DE",
        "GR",
        "HU",
        "IE",
        "IT",
        "LV",
        "LT",
        "LU",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SK",
        "SI",
        "ES",
        "SE",
        "IS",
        "LI",
        "NO",
        "CH",
        "GB",
    ]
)
_ASIA = frozenset(
    [
        "JP",
        "KR",
        "TW",
        "HK",
        "MO",
        "CN",
        "SG",
        "MY",
        "TH",
        "VN",
        "PH",
        "ID",
        "IN",
        "PK",
        "BD",
        "LK",
        "NP",
        "KH",
        "LA",
        "MM",
        "BN",
        "MN",
        "KZ",
        "UZ",
        "AE",
        "SA",
        "QA",
        "IL",
        "TR",
    ]
)
_REGIONS = {"US": frozenset({"US"}), "EU": _EU, "ASIA": _ASIA}


def countries_of(region: str) -> frozenset[str]:
    """Two-letter codes of US, EU, ASIA or of one country. Raises Invalid."""
    name = region.strip().upper()
    if name in _REGIONS:
        return _REGIONS[name]
    if len(name) == 2 and name.isascii() and name.isalpha():
        return frozenset({"GB" if name == "UK" else name})
    raise Invalid("a region is US, EU, ASIA or a two-letter country", "/region")
