# SPDX-License-Identifier: Apache-2.0
# What "cmake --install" puts beside the programs. Files that name others are made when they are
# installed: the prefix may be another one than at the configuration (--prefix, CPack).

# No library folder of an architecture: systemd and sysctl look into PREFIX/lib only.
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
  if(NOT EXISTS \"\$ENV{DESTDIR}\${CONFIG_DIR}/default/intel-gpu-exporter\")
    file(INSTALL \"${CMAKE_SOURCE_DIR}/deploy/systemd/default\"
         DESTINATION \"\${CONFIG_DIR}/default\" RENAME intel-gpu-exporter)
  endif()
")
install(FILES ${CMAKE_BINARY_DIR}/deploy/intel-gpu-exporter.service DESTINATION ${SYSTEMD_DIR})
install(FILES deploy/systemd/sysctl.conf DESTINATION ${SYSCTL_DIR}
        RENAME 10-intel-gpu-exporter.conf)
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
