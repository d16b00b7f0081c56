"""Settings: read once by an entry point from defaults.toml, the operator's file and the environment."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from pipeline.errors import SettingsError
from pipeline.retention import Retention

HERE = Path(__file__).parent
DEFAULTS_FILE = HERE / "defaults.toml"


class Settings(BaseSettings):
    """Every setting, frozen. What each means stands beside its default in ``defaults.toml``."""

    model_config = SettingsConfigDict(
        env_prefix="BAZKHORD_", frozen=True, extra="forbid", validate_default=True
    )

    data_dir: Path
    database_url: SecretStr
    time_zone: str
    sources_file: Path
    journey_file: Path | None
    alerts_file: Path | None
    weights_dir: Path | None
    engine: Literal["onnx", "torch"]
    device: Literal["", "cpu", "cuda"]
    n_threads: int = Field(ge=0, le=256)
    classify_batch_messages: int = Field(ge=1, le=100_000)
    lease_s: int = Field(ge=10, le=86_400)
    pending_limit_messages: int = Field(ge=0, le=1_000_000_000)
    host: str
    port: int = Field(ge=1, le=65_535)
    max_body_bytes: int = Field(ge=1_000, le=100_000_000)
    max_address_bytes: int = Field(ge=1_000, le=60_000)
    max_header_bytes: int = Field(ge=1_000, le=60_000)
    max_requests_at_once: int = Field(ge=1, le=100_000)
    max_connections: int = Field(ge=1, le=1_000_000)
    slow_client_s: float = Field(gt=0, le=3600)
    max_analyze_texts: int = Field(ge=1, le=10_000)
    max_analyze_chars: int = Field(ge=1_000, le=10_000_000)
    rate_limit_per_minute: int = Field(ge=0, le=1_000_000)
    rate_limit_analyze_per_minute: int = Field(ge=0, le=1_000_000)
    rate_limit_push_per_minute: int = Field(ge=0, le=1_000_000)
    answers_lag_s: float = Field(ge=0, le=3_600)
    session_hours: int = Field(ge=1, le=8_760)
    retention_days: int = Field(ge=0, le=100_000)
    retention_days_by_source: dict[str, Annotated[int, Field(ge=0, le=100_000)]]
    log_level: Literal["debug", "info", "warning", "error"]
    log_format: Literal["text", "json"]
    metrics_host: str
    metrics_port: int = Field(ge=0, le=65_535)
    traces_endpoint: str
    identity_key: SecretStr = SecretStr("")

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no IANA time zone; try Asia/Tehran or UTC") from error
        return value

    @field_validator("journey_file", "alerts_file", "weights_dir", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @property
    def zone(self) -> ZoneInfo:
        """The business time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def retention(self) -> Retention:
        """For how long messages are kept."""
        return Retention(days=self.retention_days, by_source=self.retention_days_by_source)

    @property
    def store_url(self) -> str:
        """SQLAlchemy URL of the data base; the embedded one in ``data_dir`` where none is set."""
        url = self.database_url.get_secret_value()
        return url or f"sqlite:///{(self.data_dir / 'bazkhord.db').absolute()}"

    @property
    def identity_key_file(self) -> Path:
        """Where the key of customer identities lies when the environment gives none."""
        return self.data_dir / "identity.key"

    @classmethod
    def settings_customise_sources(  # noqa: D102 - named by pydantic-settings
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - named by pydantic-settings
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=DEFAULTS_FILE)


def load_settings(path: Path | None = None) -> Settings:
    """Return the settings: environment over the operator's file over ``defaults.toml``.

    Args:
        path: The operator's file; ``None``: the one that BAZKHORD_SETTINGS names, if any.

    Raises:
        SettingsError: A file is missing or no TOML, a key is unknown, a value is out of range.
    """
    named = path or (Path(value) if (value := os.environ.get("BAZKHORD_SETTINGS")) else None)
    written = read_toml(named) if named else {}
    from_environment = {key for key in written if f"BAZKHORD_{key.upper()}" in os.environ}
    try:
        return Settings(**{key: value for key, value in written.items() if key not in from_environment})
    except ValidationError as error:
        raise SettingsError(_explain(error, named)) from None


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file says.

    Raises:
        SettingsError: The file is missing, not UTF-8 or not TOML; the message says where.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}; create it or name another file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None


def _explain(error: ValidationError, path: Path | None) -> str:
    where = f"{path}, the environment (BAZKHORD_…)" if path else "the environment (BAZKHORD_…)"
    lines = [
        f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_input=False)
    ]
    known = ", ".join(sorted(Settings.model_fields))
    return f"settings from {where} are wrong:\n  " + "\n  ".join(lines) + f"\nKnown settings: {known}"
