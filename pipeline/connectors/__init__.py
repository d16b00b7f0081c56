"""Connectors: one line each; they read a source and know nothing of where its messages go."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from pipeline.connectors.app_store_connect import AppStoreConnect
from pipeline.connectors.app_store_rss import AppStoreRss
from pipeline.connectors.argument_errors import RESERVED, describe_errors
from pipeline.connectors.basalam import Basalam
from pipeline.connectors.base import Clock, Connector
from pipeline.connectors.bluesky import Bluesky
from pipeline.connectors.cafe_bazaar import CafeBazaar
from pipeline.connectors.chatwoot import Chatwoot
from pipeline.connectors.crisp import Crisp
from pipeline.connectors.digikala import Digikala
from pipeline.connectors.discourse import Discourse
from pipeline.connectors.drop_folder import DropFolder
from pipeline.connectors.feed import Feed
from pipeline.connectors.freshdesk import Freshdesk
from pipeline.connectors.freshdesk_ratings import FreshdeskRatings
from pipeline.connectors.goftino import Goftino
from pipeline.connectors.google_play import GooglePlay
from pipeline.connectors.google_play_scraper import GooglePlayScraper
from pipeline.connectors.http_client import Network
from pipeline.connectors.imap import Imap
from pipeline.connectors.instagram import Instagram
from pipeline.connectors.jira_service_management import JiraServiceManagement
from pipeline.connectors.json_file import JsonFile
from pipeline.connectors.kafka import Kafka
from pipeline.connectors.mastodon import Mastodon
from pipeline.connectors.matrix import Matrix
from pipeline.connectors.mbox_file import MboxFile
from pipeline.connectors.names import list_missing
from pipeline.connectors.reddit import Reddit
from pipeline.connectors.request_tracker import RequestTracker
from pipeline.connectors.rocket_chat import RocketChat
from pipeline.connectors.singer import Singer
from pipeline.connectors.sql import Sql
from pipeline.connectors.table_file import TableFile
from pipeline.connectors.telegram_bot import TelegramBot
from pipeline.connectors.telegram_export import TelegramExport
from pipeline.connectors.whatsapp_export import WhatsAppExport
from pipeline.connectors.woocommerce import WooCommerce
from pipeline.connectors.wordpress import WordPress
from pipeline.connectors.x import X
from pipeline.connectors.youtube import YouTube
from pipeline.connectors.zammad import Zammad
from pipeline.connectors.zendesk import Zendesk
from pipeline.errors import SettingsError

CONNECTORS: dict[str, type[Connector]] = {
    "app_store_connect": AppStoreConnect,
    "app_store_rss": AppStoreRss,
    "basalam": Basalam,
    "bluesky": Bluesky,
    "cafe_bazaar": CafeBazaar,
    "chatwoot": Chatwoot,
    "crisp": Crisp,
    "digikala": Digikala,
    "discourse": Discourse,
    "drop_folder": DropFolder,
    "feed": Feed,
    "freshdesk": Freshdesk,
    "freshdesk_ratings": FreshdeskRatings,
    "goftino": Goftino,
    "google_play": GooglePlay,
    "google_play_scraper": GooglePlayScraper,
    "imap": Imap,
    "instagram": Instagram,
    "jira_service_management": JiraServiceManagement,
    "json_file": JsonFile,
    "kafka": Kafka,
    "mastodon": Mastodon,
    "matrix": Matrix,
    "reddit": Reddit,
    "request_tracker": RequestTracker,
    "rocket_chat": RocketChat,
    "singer": Singer,
    "sql": Sql,
    "table_file": TableFile,
    "telegram_bot": TelegramBot,
    "telegram_export": TelegramExport,
    "mbox_file": MboxFile,
    "whatsapp_export": WhatsAppExport,
    "woocommerce": WooCommerce,
    "wordpress": WordPress,
    "x": X,
    "youtube": YouTube,
    "zammad": Zammad,
    "zendesk": Zendesk,
}
FILE_KEYS = ("root", "root_env", "sources", "webhooks")


def build_connector(
    name: str,
    kind: str,
    arguments: Mapping[str, object],
    *,
    now: Clock,
    root: Path = Path(),
    network: Network | None = None,
) -> Connector:
    """Return the connector of one source.

    Args:
        name: Name of the source.
        kind: Name of the connector, a key of ``CONNECTORS``.
        arguments: What ``sources.toml`` says beside ``connector``.
        now: Gives the present moment, aware.
        root: Folder that its paths start from.
        network: Transport, pauses and secrets of a source that is asked over the network; ``None``: the real ones.

    Raises:
        SettingsError: No such connector, or an argument is unknown, missing or wrong.
    """
    if unknown := list_missing([kind], list(CONNECTORS), what="connector"):
        raise SettingsError(f"source {name}: {unknown}")
    connector = CONNECTORS[kind]
    if reserved := sorted(set(RESERVED) & set(arguments)):
        raise SettingsError(f"source {name}: {', '.join(reserved)} cannot be set for a source: leave it out")
    given: dict[str, object] = {"name": name, "now": now, "root": root}
    if network is not None and "network" in connector.model_fields:
        given["network"] = network
    try:
        return connector.model_validate({**arguments, **given})
    except ValidationError as error:
        raise SettingsError(describe_errors(error, name, connector)) from None


def build_connectors(
    config: Mapping[str, object], *, now: Clock, root: Path, environment: Mapping[str, str] | None = None
) -> dict[str, Connector]:
    """Return the connectors of a whole ``sources.toml``, by the name of their source.

    Args:
        config: The parsed file: ``[sources.NAME]`` tables, and perhaps ``root`` (the folder of the exports)
            and ``root_env`` (the environment variable that moves it).
        now: Gives the present moment, aware.
        root: Folder that a relative ``root`` of the file starts from.
        environment: Environment variables; ``None``: those of the process.

    Raises:
        SettingsError: A key, a connector or an argument is unknown, missing or wrong.
    """
    if unknown := list_missing(config, FILE_KEYS, what="key"):
        raise SettingsError(f"sources: {unknown}")
    known = os.environ if environment is None else environment
    folder = _find_root(config, root, known)
    sources = config.get("sources", {})
    if not isinstance(sources, Mapping):
        raise SettingsError("sources: got no table, expected [sources.NAME] for each source")
    connectors: dict[str, Connector] = {}
    for name, arguments in sources.items():
        if not isinstance(arguments, Mapping) or not isinstance(arguments.get("connector"), str):
            raise SettingsError(
                f"source {name}: connector is missing; expected connector = one of {', '.join(CONNECTORS)}"
            )
        rest = {key: value for key, value in arguments.items() if key != "connector"}
        connectors[name] = build_connector(
            name, arguments["connector"], rest, now=now, root=folder, network=Network(environment=known)
        )
    return connectors


def _find_root(config: Mapping[str, object], root: Path, environment: Mapping[str, str]) -> Path:
    for key in ("root", "root_env"):
        if not isinstance(config.get(key, ""), str):
            raise SettingsError(f"sources: {key} is no text: write it in quotation marks")
    variable = str(config.get("root_env", ""))
    return root / Path(environment.get(variable) or str(config.get("root", ""))).expanduser()
