"""A WordPress of the tests' own: PHP's own web server and a MariaDB on a private socket, in a temporary folder."""

from __future__ import annotations

import getpass
import shutil
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from tests.live.dovecot import find_free_ports

PACKAGE = Path("/usr/share/wordpress")
PROGRAMS = ("php", "mariadbd", "mariadb-install-db", "mariadb")
EDITOR = "editor"
CONFIGURATION = """\
<?php
define('DB_NAME', 'wordpress');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{folder}/db.sock');
define('WP_HOME', '{url}');
define('WP_SITEURL', '{url}');
define('WP_ENVIRONMENT_TYPE', 'local');
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require ABSPATH . 'wp-settings.php';
"""
PLUGIN = """\
<?php
add_filter('pre_wp_mail', '__return_false');
add_filter('wp_is_comment_flood', '__return_false', 99);
"""
ROUTER = """\
<?php
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (str_ends_with($path, '.php') && is_file(__DIR__ . "/site$path")) return false;
$_SERVER['SCRIPT_NAME'] = '/index.php';
require __DIR__ . '/site/index.php';
"""
INSTALLATION = """\
<?php
define('WP_INSTALLING', true);
require __DIR__ . '/site/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('نیک‌سبد', '{editor}', 'editor@shop.example', true, '', 'secret-of-the-editor');
update_option('comment_previously_approved', 0);
global $wp_rewrite;
$wp_rewrite->set_permalink_structure('/%postname%/');
flush_rewrite_rules(false);
[$password] = WP_Application_Passwords::create_new_application_password(1, ['name' => 'tests']);
echo $password;
"""
MANY_COMMENTS = """\
<?php
require __DIR__ . '/site/wp-load.php';
[, $post, $many] = $argv;
for ($number = 1; $number <= $many; $number++) {{
    wp_insert_comment(['comment_post_ID' => $post, 'comment_approved' => 1,
        'comment_author' => 'سارا', 'comment_author_email' => 'sara@example.com',
        'comment_content' => "پیام شمارهٔ $number",
        'comment_date_gmt' => gmdate('Y-m-d H:i:s', time() - 100000 + 60 * $number),
        'comment_date' => gmdate('Y-m-d H:i:s', time() - 100000 + 60 * $number)]);
}}
"""
numbers = count(1)


def is_installed() -> bool:
    """Say whether WordPress can be started here."""
    return (PACKAGE / "wp-load.php").exists() and all(shutil.which(name) for name in PROGRAMS)


class WordPressSite:
    """A site whose first user is the editor; what visitors write appears at once."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bazkhord-wp-"))
        self.port, _ = find_free_ports()
        self._web: subprocess.Popen[bytes] | None = None
        self._database: subprocess.Popen[bytes] | None = None
        self._write_files()
        self._run("mariadb-install-db", "--no-defaults", *self._data, "--skip-test-db",
                  "--auth-root-authentication-method=normal")  # fmt: skip
        self._start_database()
        self._sql("CREATE DATABASE wordpress CHARACTER SET utf8mb4")
        self.password = self._run("php", str(self.folder / "install.php"))

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """The site answers; one that runs already goes on."""
        self._start_database()
        if self._web is not None:
            return
        settings = ["-d", "display_errors=0", "-d", "log_errors=1"]
        command = ["php", *settings, "-S", f"127.0.0.1:{self.port}", "-t", "site", "router.php"]
        with (self.folder / "web.log").open("ab") as log:
            self._web = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        self._wait(lambda: httpx.get(f"{self.url}/wp-json/", timeout=20).raise_for_status(), "web.log")

    def stop(self) -> None:
        """Web server and data base are gone, as after a crash."""
        for process in (self._web, self._database):
            if process is not None:
                process.kill()
                process.wait(timeout=20)
        self._web = self._database = None

    def remove(self) -> None:
        """Nothing is left of it."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Return what the site says to a request of the editor."""
        answer = httpx.request(
            method, f"{self.url}/wp-json/wp/v2{path}", json=body, auth=(EDITOR, self.password), timeout=60
        )
        return answer.raise_for_status().json()

    def open_post(self) -> int:
        """Return the number of a new post without comments; those of other posts are gone."""
        self._sql("DELETE FROM wp_comments; DELETE FROM wp_commentmeta", "wordpress")
        post = self.ask("POST", "/posts", {"title": f"چای {next(numbers)}", "status": "publish"})
        return int(post["id"])

    def comment(self, post: int, text: str, *, author: str = "sara", parent: int = 0) -> int:
        """Fill the form under a post as a visitor does; return the number of the comment."""
        form = {"comment_post_ID": post, "comment": text, "comment_parent": parent}
        form |= {"author": author, "email": f"{author}@example.com"}
        answer = httpx.post(f"{self.url}/wp-comments-post.php", data=form, timeout=60)
        if answer.status_code != 302:
            raise RuntimeError(f"WordPress refused a comment: HTTP {answer.status_code}")
        return int(answer.headers["location"].rpartition("-")[2])

    def add_many(self, post: int, n: int) -> None:
        """Many visitors have commented, a minute apart, the last of them some hours ago."""
        self._run("php", str(self.folder / "many.php"), str(post), str(n))

    @property
    def _data(self) -> list[str]:
        # a log file of the default size would take longer to write than all tests
        return [
            f"--datadir={self.folder}/data",
            f"--user={getpass.getuser()}",
            "--innodb-log-file-size=8M",
        ]

    def _start_database(self) -> None:
        if self._database is not None:
            return
        command = ["mariadbd", "--no-defaults", *self._data, "--skip-networking",
                   f"--socket={self.folder}/db.sock", f"--pid-file={self.folder}/db.pid"]  # fmt: skip
        with (self.folder / "db.log").open("ab") as log:
            self._database = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        self._wait(lambda: self._sql("SELECT 1"), "db.log")

    def _sql(self, statements: str, database: str = "mysql") -> str:
        socket = f"--socket={self.folder}/db.sock"
        return self._run("mariadb", "--no-defaults", socket, "--user=root", database, "-e", statements)

    def _wait(self, attempt: Any, log: str) -> None:
        until = time.monotonic() + 60
        while True:
            try:
                attempt()
            except (httpx.HTTPError, RuntimeError):
                if time.monotonic() > until:
                    raise RuntimeError(f"no answer:\n{(self.folder / log).read_text()}") from None
                time.sleep(0.1)
            else:
                return

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _write_files(self) -> None:
        site = self.folder / "site"
        content = site / "wp-content"
        for folder in (content / "mu-plugins", content / "themes" / "plain"):
            folder.mkdir(parents=True)
        for file in PACKAGE.glob("*.php"):
            shutil.copy(file, site)
        for name in ("wp-includes", "wp-admin"):
            (site / name).symlink_to(PACKAGE / name)
        given = {"folder": self.folder, "url": self.url, "editor": EDITOR}
        for path, text in (
            (site / "wp-config.php", CONFIGURATION.format(**given)),
            (content / "mu-plugins" / "tests.php", PLUGIN),
            (self.folder / "router.php", ROUTER),
            (self.folder / "install.php", INSTALLATION.format(**given)),
            (self.folder / "many.php", MANY_COMMENTS.format()),
        ):
            path.write_text(text, encoding="utf-8")
        for name in ("style.css", "index.php"):
            (content / "themes" / "plain" / name).touch()
