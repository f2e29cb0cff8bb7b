#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The version of this source, from its one place: project() in CMakeLists.txt.
exec sed -nE 's/^project\(.* VERSION ([0-9.]+) .*/\1/p' "$(dirname "$0")/../CMakeLists.txt"
