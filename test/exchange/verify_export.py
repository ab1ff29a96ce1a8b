"""Reads an export with the tools of others, and says what each makes of it.

    python test/exchange/verify_export.py study.zip [public-key.pem]

Offline: any connection is an error. Prints one JSON object; exits 1 where a tool refuses something.

- rocrate-validator: the crate conforms to Provenance Run Crate 0.5 (REQUIRED), with the context of the archive;
- securesystemslib and in-toto-attestation: every envelope is signed by the key, every statement valid;
- prov: prov.json is read, with its counts;
- pandas and DuckDB: the tables are read, both formats alike, and joined;
- rfc8785 and hashlib: the seal's root is computed again from the lines of the record, and its digest.
"""
import hashlib
import io
import json
import socket
import sys
import tempfile
import zipfile
from pathlib import Path


def refuse_connections():
    def refuse(*_):
        raise OSError("this check is offline")

    socket.socket.connect = refuse


def validate_crate(archive: Path, folder: Path) -> dict:
    import requests
    from rocrate_validator import models, services
    from rocrate_validator.utils.http import HttpRequester

    def vendored(_self, url, **_options):
        response = requests.Response()
        response.url, response.status_code = url, 200 if url.endswith("/context") else 404
        response.headers["Content-Type"] = "application/ld+json"
        response._content = (folder / "contexts/ro-crate-1.1-workflow-run.jsonld").read_bytes()
        return response

    HttpRequester.get = vendored
    result = services.validate(
        services.ValidationSettings(
            rocrate_uri=str(archive),
            profile_identifier="provenance-run-crate-0.5",
            requirement_severity=models.Severity.REQUIRED,
            offline=True,
        )
    )
    return {
        "passed": result.passed(),
        "issues": [f"{issue.check.identifier}: {issue.message} {issue.violatingEntity}" for issue in result.get_issues()],
    }


def check_attestations(folder: Path, key_file: Path) -> dict:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from google.protobuf import json_format
    from in_toto_attestation.v1.statement import Statement
    from in_toto_attestation.v1 import statement_pb2
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import SSlibKey

    key = SSlibKey.from_crypto(load_pem_public_key(key_file.read_bytes()))
    counts: dict[str, int] = {}
    seal = json.loads((folder / "seal.json").read_text())["envelope"]
    lines = [seal] + [
        json.loads(line)
        for path in sorted((folder / "attestations").glob("*.intoto.jsonl"))
        for line in path.read_text().splitlines()
    ]
    for line in lines:
        envelope = Envelope.from_dict(line)
        envelope.verify([key], 1)
        statement = json_format.Parse(envelope.payload, statement_pb2.Statement())
        Statement.copy_from_pb(statement).validate()
        counts[statement.predicate_type] = counts.get(statement.predicate_type, 0) + 1
    return counts


def read_prov(folder: Path) -> dict:
    from prov.model import ProvActivity, ProvDocument, ProvEntity, ProvGeneration

    document = ProvDocument.deserialize(folder / "prov.json", format="json")
    return {kind.__name__: len(list(document.get_records(kind))) for kind in (ProvEntity, ProvActivity, ProvGeneration)}


def read_tables(folder: Path) -> dict:
    import duckdb
    import pandas

    tables = {}
    for name in ("measurements", "stages", "lineage", "attempts"):
        parquet = pandas.read_parquet(folder / f"tables/{name}.parquet")
        csv = pandas.read_csv(folder / f"tables/{name}.csv")
        assert list(parquet.columns) == list(csv.columns), name
        assert len(parquet) == len(csv), name
        tables[name] = len(parquet)
        if name == "measurements":
            for column in ("correct", "total", "accuracy", "measurement_id"):
                assert (parquet[column] == csv[column]).all(), column
    joined = duckdb.sql(
        f"""select count(*) from '{folder}/tables/measurements.parquet' m
        join '{folder}/tables/lineage.parquet' l
        on l.stage_key = m.stage_key and l.direction = 'generated' and l.sha256 = m.outcomes_sha256"""
    ).fetchall()[0][0]
    assert joined == tables["measurements"], joined
    return tables


def check_seal(folder: Path) -> dict:
    import rfc8785

    seal = json.loads((folder / "seal.json").read_text())["seal"]
    hashes, withheld = [], 0
    for line in (folder / "record.jsonl").read_bytes().splitlines():
        fact = json.loads(line)
        assert rfc8785.dumps(fact) == line, line
        if list(fact) == ["withheld"]:
            hashes.append(bytes.fromhex(fact["withheld"]))
            withheld += 1
        else:
            hashes.append(hashlib.sha256(b"\x00" + line).digest())
    assert len(hashes) == seal["tree"]["size"]
    assert merkle_root(hashes).hex() == seal["tree"]["root"], "the record is not the sealed one"
    return {"digest": hashlib.sha256(rfc8785.dumps(seal)).hexdigest(), "withheld": withheld}


def merkle_root(hashes: list[bytes]) -> bytes:
    """The Merkle tree hash of RFC 6962, section 2.1, over the hashes of leaves."""
    if len(hashes) == 1:
        return hashes[0]
    left = 1
    while 2 * left < len(hashes):
        left *= 2
    return hashlib.sha256(b"\x01" + merkle_root(hashes[:left]) + merkle_root(hashes[left:])).digest()


def main(archive: Path, key: Path | None) -> int:
    refuse_connections()
    with tempfile.TemporaryDirectory() as unpacked:
        folder = Path(unpacked)
        with zipfile.ZipFile(io.BytesIO(archive.read_bytes())) as members:
            members.extractall(folder)
        plain = folder / "crate.zip"  # the validator makes URIs of paths, and fails at spaces in them
        plain.write_bytes(archive.read_bytes())
        report = {
            "crate": validate_crate(plain, folder),
            "prov": read_prov(folder),
            "tables": read_tables(folder),
            "seal": check_seal(folder),
        }
        if key:
            report["attestations"] = check_attestations(folder, key)
    print(json.dumps(report))
    return 0 if report["crate"]["passed"] else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
