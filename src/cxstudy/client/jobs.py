"""What is to be made for each client: its settings, its files and their names, and which of them are there already."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cxstudy
from cxstudy.client.model import Report
from cxstudy.client.names import file_name, file_names
from cxstudy.client.render import FINDINGS, FORMATS, check_formats
from cxstudy.client.whole_files import MadeFiles, fingerprint

MADE, SETTINGS, CLIENTS = "made.json", "report.yaml", "clients"


@dataclass(frozen=True)
class Job:
    """One client's report and the files still to be made of it, {format: path}; ``template``: of the slides."""

    client: object
    report: Report
    files: dict[str, Path]
    template: Path | None
    settings: "Settings"


@dataclass(frozen=True)
class Settings:
    """A client's report.yaml: its path and content, None without one, and what is asked for with its help."""

    path: Path | None
    file: object
    own: bool
    language: str
    period: str | None
    formats: tuple[str, ...]

    @property
    def template(self):
        """The PowerPoint file it names; ValueError for one outside its folder."""
        named = self.file.template if self.file else ""
        if not named:
            return None
        path = (self.path.parent / named).resolve()
        if not path.is_relative_to(self.path.parent.resolve()):
            raise ValueError(f"template lies in the folder of {self.path.name}; {named} lies outside. Copy it there.")
        return path


class Jobs:
    """The clients of a study and their jobs, for one folder and one call.

    ``files``: the list of what was made; ``kept``: names of files found as they should be.
    """

    def __init__(self, study, folder, period=None, language=None, formats=None, settings=None):
        self.study, self.folder, self.asked = study, folder, (language, period, formats and check_formats(formats))
        self.settings_path = Path(settings) if settings else None
        self._shared, self._read, self._names, self.one = {}, {}, {}, False
        given = self._settings(None)
        self.language = given.language
        self.shared = self._tallied(given.language, given.period)
        self.files, self.kept = MadeFiles.read(folder / MADE), []
        self._names = file_names(self._all_names())
        self._data = fingerprint(study.fingerprints(), cxstudy.__version__)

    @cached_property
    def every(self):
        """All clients that may be reported on."""
        from cxstudy.client.who import clients_of

        return clients_of(self.study, self.shared)

    def chosen(self, companies):
        """The clients named; ValueError for a name there is not, NotTestable for one with too few answers."""
        from cxstudy.client.who import client_of

        found = list(dict.fromkeys(client_of(self.study, self.shared, one) for one in companies))
        self.one = len(found) == 1
        return found

    def job(self, client):
        """The `Job` of a client, None where nothing is missing. Raises ValueError for what cannot be reported on."""
        from cxstudy.client.report import client_report

        settings = self._settings(client)
        missing = {}
        for kind in (*settings.formats, FINDINGS):
            path = self._path(client, settings, kind)
            if self.files.has(path.name, self._mark(client, settings, kind)):
                self.kept.append(path.name)
            else:
                missing[kind] = path
        if not missing:
            return None
        report = client_report(
            self.study,
            company=client.key,
            period=settings.period,
            language=settings.language,
            settings=settings.path,
            shared=self._tallied(settings.language, settings.period),
        )
        return Job(client, report, missing, settings.template if "pptx" in missing else None, settings)

    def done(self, job, failed):
        """Note the files that were made and return their names; a comment is marked with the numbers it was read by."""
        from cxstudy.client.report_yaml import stamp_comments

        settings, names = job.settings, []
        if settings.own and not failed:
            stamp_comments(settings.path, job.report)
        for kind, path in job.files.items():
            if kind in failed or "" in failed:
                continue
            about = {"key": job.client.key, "name": job.client.name, "language": settings.language, "format": kind}
            self.files.add(path.name, self._mark(job.client, settings, kind), **about, period=settings.period or "")
            names.append(path.name)
        return names

    def _all_names(self):
        """The names of all units and wholes, also of those with too few answers: a file's name stays when they grow."""
        from cxstudy.client.who import names_of_companies

        known = names_of_companies(self.study)
        wholes = sorted(set(self.shared.parents.values())) if self.shared.has_whole else []
        own = known if self.study.unit == "company" else {}
        names = {("unit", key): own.get(key, key) for key in self.shared.parents}
        return names | {("whole", key): known.get(key) or key or self.study.name for key in wholes}

    def _tallied(self, language, period):
        from cxstudy.client.shared import prepare

        if (language, period) not in self._shared:
            self._shared[language, period] = prepare(self.study, language, period=period)
        return self._shared[language, period]

    def _settings(self, client):
        path, own = self.settings_path, self.one
        if path is None:
            path, own = self._found_settings(client)
        file = self._file(path)
        language, period, formats = self.asked
        return Settings(
            path,
            file,
            own,
            language or (file and file.language) or self.study.language,
            str(period) if period is not None else file and file.period,
            formats or tuple(file.formats if file else FORMATS),
        )

    def _found_settings(self, client):
        """The client's own report.yaml or the study's, None without; and whether it speaks of this client alone."""
        if client:
            mine = self.study.folder / CLIENTS / self._stem(client) / SETTINGS
            if mine.is_file():
                return mine, True
        common = self.study.folder / SETTINGS
        return (common, len(self._names) == 1) if common.is_file() else (None, False)

    def _file(self, path):
        from cxstudy.client.report_yaml import read_report_file

        if path and path not in self._read:
            self._read[path] = read_report_file(path)
        return self._read.get(path)

    def _stem(self, client):
        known = self._names.get((client.level, client.key))
        return known or file_name(client.name, client.key)

    def _path(self, client, settings, kind):
        """The file of a format: client, period where one was asked for, language, ending."""
        parts = [self._stem(client), *([file_name(settings.period)[:20]] if settings.period else []), settings.language]
        return self.folder / f"{'.'.join(parts)}.{'findings.json' if kind == FINDINGS else kind}"

    def _mark(self, client, settings, kind):
        """The fingerprint of all that a file is made from."""
        beside = [settings.path] if settings.path else []
        if settings.file and settings.file.brand.logo:
            beside.append(settings.path.parent / settings.file.brand.logo)
        if settings.template and kind == "pptx":
            beside.append(settings.template)
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "" for path in beside]
        return fingerprint(self._data, client.level, client.key, settings.language, settings.period, kind, digests)
