# SPDX-License-Identifier: Apache-2.0
# What "cmake --install" puts beside the programs. Files that name others are made when they are
# installed: the prefix may be another one than at the configuration (--prefix, CPack).

# No library directory of an architecture: systemd and sysctl look into PREFIX/lib only.
set(SYSTEMD_DIR lib/systemd/system)
set(SYSCTL_DIR lib/sysctl.d)

install(CODE "
  set(BIN_DIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
  set(DOC_DIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR}\")
  # GNU's place below /usr/local is PREFIX/etc, where nobody looks.
  set(CONFIG_DIR \"\${CMAKE_INSTALL_PREFIX}/etc\")
  if(CMAKE_INSTALL_PREFIX MATCHES \"^/usr(/local)?/?$\")
    set(CONFIG_DIR /etc)
  endif()
  configure_file(\"${CMAKE_SOURCE_DIR}/deploy/systemd/intel-gpu-exporter.service.in\"
                 \"${CMAKE_BINARY_DIR}/deploy/intel-gpu-exporter.service\" @ONLY)
  # It is the administrator's as soon as it is there.
  if(EXISTS \"\$ENV{DESTDIR}\${CONFIG_DIR}/default/intel-gpu-exporter\")
    list(APPEND CMAKE_INSTALL_MANIFEST_FILES \"\${CONFIG_DIR}/default/intel-gpu-exporter\")
  else()
    file(INSTALL \"${CMAKE_SOURCE_DIR}/deploy/systemd/default\"
         DESTINATION \"\${CONFIG_DIR}/default\" RENAME intel-gpu-exporter)
  endif()
")
install(FILES ${CMAKE_BINARY_DIR}/deploy/intel-gpu-exporter.service DESTINATION ${SYSTEMD_DIR})
install(FILES deploy/systemd/sysctl.conf DESTINATION ${SYSCTL_DIR}
        RENAME 10-intel-gpu-exporter.conf)
install(FILES LICENSE CHANGELOG.md CONTRIBUTING.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES src/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/src)
install(FILES src/collectors/README.md src/collectors/troubleshooting.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/src/collectors)
install(FILES src/check/README.md src/check/remedies.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/src/check)
install(FILES src/web/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/src/web)

# Links between documents lead to where the files are now.
set(data ${CMAKE_INSTALL_FULL_DATADIR}/intel-gpu-exporter)
file(RELATIVE_PATH data_from_doc ${CMAKE_INSTALL_FULL_DOCDIR} ${data})
file(RELATIVE_PATH unit_from_doc ${CMAKE_INSTALL_FULL_DOCDIR}
     ${CMAKE_INSTALL_PREFIX}/${SYSTEMD_DIR}/intel-gpu-exporter.service)
file(RELATIVE_PATH src_from_prometheus ${data}/prometheus ${CMAKE_INSTALL_FULL_DOCDIR}/src)
install(CODE "
  function(write file to)
    file(READ \"${CMAKE_SOURCE_DIR}/\${file}\" text)
    while(ARGN)
      list(POP_FRONT ARGN before after)
      string(REPLACE \"](\${before}\" \"](\${after}\" text \"\${text}\")
    endwhile()
    file(WRITE \"${CMAKE_BINARY_DIR}/deploy/\${to}\" \"\${text}\")
  endfunction()
  write(README.md README.md
        deploy/systemd/intel-gpu-exporter.service.in \"${unit_from_doc}\"
        deploy/prometheus \"${data_from_doc}/prometheus\"
        deploy/ansible \"${data_from_doc}/ansible\"
        deploy/proxmox \"${data_from_doc}/proxmox\"
        deploy/terraform \"${data_from_doc}/terraform\"
        dashboards/README.md \"${data_from_doc}/dashboards/README.md\")
  write(deploy/prometheus/runbook.md runbook.md
        ../../src \"${src_from_prometheus}\")
")
install(FILES ${CMAKE_BINARY_DIR}/deploy/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${CMAKE_BINARY_DIR}/deploy/runbook.md
        DESTINATION ${CMAKE_INSTALL_DATADIR}/intel-gpu-exporter/prometheus)
# The pictures that it shows.
install(DIRECTORY dashboards/screenshots DESTINATION ${CMAKE_INSTALL_DOCDIR}/dashboards)

# What the last "cmake --install" has put there goes: "cmake --build BUILD --target uninstall".
add_custom_target(uninstall COMMAND ${CMAKE_COMMAND} -D MANIFEST=${CMAKE_BINARY_DIR}/install_manifest.txt
                                    -D DEFAULT=${CMAKE_SOURCE_DIR}/deploy/systemd/default
                                    -P ${CMAKE_SOURCE_DIR}/deploy/uninstall.cmake VERBATIM)
# What prepares hosts and guests; role exporter has a link to the hookscript.
install(DIRECTORY deploy/ansible deploy/proxmox deploy/terraform DESTINATION ${CMAKE_INSTALL_DATADIR}/intel-gpu-exporter
        USE_SOURCE_PERMISSIONS PATTERN ".ansible-lint" EXCLUDE PATTERN ".yamllint" EXCLUDE)
