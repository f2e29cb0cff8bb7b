# SPDX-License-Identifier: Apache-2.0
# Writes version.h from version.h.in, with the revision that the source is of. Run at each build:
# cmake -D SOURCE=DIRECTORY -D VERSION=... -D COMPILER=... -D OUT=FILE -P revision.cmake
cmake_minimum_required(VERSION 3.25)
set(archived "$Format:%H$") # the commit, in an archive that git has made
set(EXPORTER_REVISION "")
if(archived MATCHES "^[0-9a-f]+$")
  string(SUBSTRING ${archived} 0 12 EXPORTER_REVISION)
elseif(REVISION)
  set(EXPORTER_REVISION "${REVISION}")
elseif(EXISTS ${SOURCE}/.git)
  # By name: git would look for a repository further up, and refuse another user's.
  execute_process(COMMAND git --git-dir=${SOURCE}/.git --work-tree=${SOURCE} --no-optional-locks
                          describe --always --dirty --exclude=* --abbrev=12
                  OUTPUT_VARIABLE EXPORTER_REVISION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
configure_file(${SOURCE}/include/base/version.h.in ${OUT} @ONLY)
