// What lies in tests/data/keys.
#pragma once

#include <doctest/doctest.h>
#include <fstream>
#include <sstream>
#include <string>

#include "core/oauth/pem.h"

namespace postern {

inline std::string key_file(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(POSTERN_SOURCE_DIR "/tests/data/keys/" + name).rdbuf();
  REQUIRE_FALSE(text.str().empty());
  return text.str();
}

inline std::string certificate_der(const std::string& name) {
  auto der = decode_certificate_pem(key_file(name));
  REQUIRE(der.has_value());
  return *der;
}

inline std::string private_key_der(const std::string& name) {
  const auto der = decode_private_key_pem(key_file(name));
  REQUIRE(der.has_value());
  return std::string(der->reveal());
}

}  // namespace postern
