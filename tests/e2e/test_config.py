"""The configuration of a process: flags, a file, and what comes of both."""

import json
import signal

import pytest
import yaml

from fakeapi import refuse
from harness import Tidelock, tidelock, wait_for
from mirror import agree, mirror

HEAD = "apiVersion: tidelock.dev/v1alpha1\nkind: Configuration\n"


@pytest.fixture
def settings(tmp_path):
    path = tmp_path / "tidelock.yaml"

    def write(text):
        path.write_text(HEAD + text)
        return path
    return write


def effective(*arguments):
    done = tidelock("config", *arguments, "-o", "json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["kind"] == "EffectiveConfiguration"
    return {s["name"]: (s.get("value"), s["from"]) for s in document["settings"]}


def test_flags_win_and_each_value_says_where_it_is_from(settings):
    path = settings("operators: [a, b]\nlogFormat: json\nshutdownTimeout: 9s\n"
                    "set:\n  image: nginx\n  replicas: 3\nverbose: true\nworkers: 4\n")
    now = effective("--config", path, "--log-format", "text")
    assert now["operators"] == (["a", "b"], f"{path}:3")
    assert now["logFormat"] == ("text", "flag")
    assert now["shutdownTimeout"] == ("9s", f"{path}:5")
    assert sorted(now["set"][0]) == ["image=nginx", "replicas=3"]
    assert now["verbose"] == (True, f"{path}:9")
    assert now["workers"] == ("4", f"{path}:10")
    assert now["namespace"] == (None, "default")


def test_what_config_prints_is_a_configuration_again(settings, tmp_path):
    path = settings("operators: [a]\nlogFormat: json\nset: [x=1]\ndryRun: true\n")
    printed = tidelock("config", "--config", path).stdout
    assert yaml.safe_load(printed)["logFormat"] == "json"
    again = tmp_path / "again.yaml"
    again.write_text(printed)
    values = [{k: v[0] for k, v in effective("--config", p).items()} for p in (path, again)]
    assert values[0] == values[1]


WRONG = {
    "key": ("logForma: json\n", ":3:1: there is no setting 'logForma'", "did you mean 'logFormat'?"),
    "flag": ("workers: 1\nlog-format: json\n", ":4:1: there is no setting 'log-format'", "logFormat"),
    "choice": ("\n# why\nlogFormat: xml\n", ":5:1: logFormat: --log-format is text or json, not 'xml'", ""),
    "yes": ("dryRun: maybe\n", ":3:1: dryRun: it is true or false, not 'maybe'", ""),
    "deep": ("listen: { port: { a: 1 } }\n", ":3:1: 'listen' is a text", ""),
    "many": ("listen: [a, b]\n", ":3:1: listen: it has one value", ""),
    "itself": ("config: other.yaml\n", ":3:1: there is no setting 'config'", ""),
    "yaml": ("a: [\n", ":4:1:", ""),
    "value": ("operators: [a]\nshutdownTimeout: soon\n", "'soon' is no time", ""),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_mistake_is_found_with_its_line(settings, what):
    text, message, hint = WRONG[what]
    for command in ("run", "config"):
        done = tidelock(command, "--config", settings(text))
        assert done.returncode == 3, done.stderr
        assert message in done.stderr and hint in done.stderr, done.stderr


@pytest.mark.parametrize("text", ["", "kind: Configuration\n", "apiVersion: v1\nkind: ConfigMap\n", "[]"])
def test_another_file_is_no_configuration(tmp_path, text):
    path = tmp_path / "other.yaml"
    path.write_text(text)
    done = tidelock("config", "--config", path)
    assert done.returncode == 3
    assert f"{path}:1:1: this is no configuration of tidelock" in done.stderr


def test_run_goes_by_it_and_reads_it_again_on_sighup(fake, tmp_path, settings):
    operator = mirror(tmp_path)
    path = settings(f"operators: ['{operator}']\nworkers: 0\n")
    with Tidelock("run", "--config", path, kubeconfig=fake.kubeconfig, folder=tmp_path) as process:
        agree(fake)
        assert "level=debug" not in process.log
        settings(f"operators: ['{operator}']\nworkers: 3\nverbose: true\n")
        process.process.send_signal(signal.SIGHUP)
        wait_for(lambda: 'restart to have it" setting=workers' in process.log, "the warning")
        wait_for(lambda: 'setting=verbose' in process.log, "the change")
        fake.script("apply", "ConfigMap", refuse(409))      # usual: for a verbose log only
        fake.put("Mirror", "four", {"value": "4"})
        wait_for(lambda: "level=debug" in process.log, "a verbose log")
        path.write_text("nonsense")
        process.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "the configuration is not read again" in process.log, "the refusal")
        agree(fake)
