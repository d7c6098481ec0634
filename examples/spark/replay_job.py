"""An audit log through a policy with Spark: `python replay_job.py audit-policy.yaml 'logs/*.log.gz'`.

Each partition is counted where it lies; only the sums travel. They are those of `kube-audit-lint replay`.
"""

import json
import operator
import sys

from pyspark.sql import SparkSession

from kube_audit_lint import Policy


def main() -> None:
    """Prints the events and bytes of each rule as JSON."""
    path, logs = sys.argv[1:3]
    policy = Policy.read(path)
    spark = SparkSession.builder.appName("audit-replay").getOrCreate()
    lines = spark.sparkContext.textFile(logs)
    counted = lines.mapPartitions(lambda part: [policy.count(part)]).treeReduce(operator.add)
    print(json.dumps({"rules": {rule or 0: one._asdict() for rule, one in counted.rules.items()}}))
    print(f"{counted.no_events} lines are no audit events", file=sys.stderr)
    spark.stop()


if __name__ == "__main__":
    main()
