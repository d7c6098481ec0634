// Deliberately without requirements: each v1_* module decides the Kubernetes version this code is built with.
module kubeauditlint/oracle

go 1.21
