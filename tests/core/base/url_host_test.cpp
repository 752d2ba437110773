#include <array>
#include <doctest/doctest.h>
#include <string>
#include <string_view>
#include <vector>

#include "tests/core/base/url_fault.h"

using namespace postern;
using namespace std::string_view_literals;

namespace {

// "" when the text is accepted, else the fault's name: a failing check says what happened.
std::string fault_of(std::string_view text, UrlPolicy policy = {}) {
  const auto url = parse_url(text, policy);
  return url ? std::string() : std::string(name_of(url.error()));
}

void check_all(const std::vector<std::string_view>& texts, std::string_view fault) {
  for (const std::string_view text : texts) {
    CAPTURE(text);
    CHECK(fault_of(text) == fault);
  }
}

const std::array<std::string, 5> kAllowed = {"http://localhost:8787", "HTTP://Emulator:80",
                                             "https://127.0.0.1:443", "http://[::1]:4000",
                                             "https://login.example.com:8443"};
const UrlPolicy kPolicy{.allowed_origins = kAllowed};

}  // namespace

TEST_CASE("an IP address is refused in every notation") {
  check_all({"https://127.0.0.1/",
             "https://169.254.169.254/latest/meta-data",
             "https://10.0.0.1",
             "https://1.1.1.1",
             "https://127.1/",
             "https://127.0.1",
             "https://2130706433/",
             "https://0x7f000001/",
             "https://0x7f.0.0.1",
             "https://0x7f.1",
             "https://0X7F.0X1/",
             "https://0177.0.0.1/",
             "https://017700000001",
             "https://0",
             "https://0.0.0.0",
             "https://127.0.0.0x1",
             "https://a.0x",
             "https://a.0x1",
             "https://1.2.3.4.5",
             "https://a.com.1",
             "https://[::1]/",
             "https://[::ffff:127.0.0.1]/",
             "https://[fe80::1%25eth0]/",
             "https://[::]",
             "https://[::1",
             "https://[v1.x]/",
             "https://127.0.0.1./",
             "https://%31%32%37.0.0.1/"},
            "bad_host");
}

TEST_CASE("private and special names are refused, and names under them") {
  check_all({"https://localhost/",
             "https://LOCALHOST/",
             "https://a.localhost",
             "https://metadata.google.internal/",
             "https://printer.local",
             "https://router.home.arpa",
             "https://nas.lan",
             "https://wiki.intranet",
             "https://dc.corp",
             "https://box.home",
             "https://app.test",
             "https://x.invalid",
             "https://x.onion",
             "https://x.localdomain",
             "https://kubernetes.default.svc",
             "https://kubernetes.default.svc.cluster.local",
             "https://home.arpa",
             "https://A.Internal/",
             "https://x.private",
             "https://x.alt",
             "https://x.mail"},
            "bad_host");
}

TEST_CASE("a host that is no DNS name of two labels is refused") {
  check_all({"https://",
             "https:///a.com",
             "https:////a.com",
             "https://?x",
             "https://intranet",
             "https://com",
             "https://a.com.",
             "https://localhost.",
             "https://.a.com",
             "https://a..com",
             "https://.",
             "https://-a.com",
             "https://a-.com",
             "https://a_b.com",
             "https://a%2ecom/",
             "https://a.com%2f.evil.com",
             "https://a.com%00.b.com",
             "https://*.a.com",
             "https://a,b.com",
             "https://a;b.com",
             "https://a!.com",
             "https://a$.com",
             "https://a.-com",
             "https://a.com'",
             "https://(a.com)",
             "https://a=b.com",
             "https://a&b.com",
             "https://a+b.com",
             "https://a~b.com",
             "https://a]b.com",
             "https://a[b.com"},
            "bad_host");
}

TEST_CASE("labels and hosts have the lengths of DNS") {
  const std::string label(63, 'a');
  CHECK(fault_of("https://" + label + ".com").empty());
  CHECK(fault_of("https://" + label + "a.com") == "bad_host");
  const std::string long_host = label + "." + label + "." + label + "." + std::string(57, 'a');
  CHECK(fault_of("https://" + long_host + ".com").empty());
  CHECK(fault_of("https://" + long_host + "a.com") == "bad_host");
}

TEST_CASE("ports other than 443 and other spellings of it are refused") {
  check_all({"https://a.com:8443/",  "https://a.com:80",
             "https://a.com:22",     "https://a.com:",
             "https://a.com:/",      "https://a.com:0443",
             "https://a.com:00443",  "https://a.com:0",
             "https://a.com:65536",  "https://a.com:65979",
             "https://a.com:443443", "https://a.com:-443",
             "https://a.com:+443",   "https://a.com:4e2",
             "https://a.com:0x1bb",  "https://a.com:443:443",
             "https://a.com:443a",   "https://a.com:99999999999999999999",
             "https://a.com:x",      "https://a.com:443.evil.com",
             "https://::1/"},
            "bad_port");
  CHECK(fault_of("https://a.com:443/").empty());
}

TEST_CASE("an origin that the policy names is accepted as it is named") {
  CHECK(parse_url("http://localhost:8787/cb?x=1", kPolicy)->text() ==
        "http://localhost:8787/cb?x=1");
  CHECK(parse_url("HTTP://LocalHost:8787", kPolicy)->origin() == "http://localhost:8787");
  CHECK(parse_url("http://emulator/", kPolicy)->origin() == "http://emulator");
  CHECK(parse_url("http://emulator:80/", kPolicy)->port == 80);
  CHECK(parse_url("https://127.0.0.1/", kPolicy)->origin() == "https://127.0.0.1");
  CHECK(parse_url("http://[::1]:4000/x", kPolicy)->origin() == "http://[::1]:4000");
  CHECK(parse_url("https://login.example.com:8443/", kPolicy)->port == 8443);
}

TEST_CASE("a policy allows the exact origins that it names and nothing beside them") {
  CHECK(fault_of("https://localhost:8787/", kPolicy) == "bad_host");
  CHECK(fault_of("http://localhost/", kPolicy) == "not_https");
  CHECK(fault_of("http://localhost:8788/", kPolicy) == "not_https");
  CHECK(fault_of("http://localhost:87870/", kPolicy) == "bad_port");
  CHECK(fault_of("http://localhost:8787.evil.com/", kPolicy) == "bad_port");
  CHECK(fault_of("http://localhost:8787@evil.com/", kPolicy) == "userinfo");
  CHECK(fault_of("http://evil.localhost:8787/", kPolicy) == "not_https");
  CHECK(fault_of("http://localhost.:8787/", kPolicy) == "not_https");
  CHECK(fault_of("http://[::2]:4000/", kPolicy) == "not_https");
  CHECK(fault_of("http://127.0.0.1/", kPolicy) == "not_https");
  CHECK(fault_of("https://127.0.0.1:444/", kPolicy) == "bad_host");
  CHECK(fault_of("https://login.example.com:8444/", kPolicy) == "bad_port");
  CHECK(fault_of("https://public.example.com/", kPolicy).empty());
  CHECK(fault_of("http://localhost:8787//x", kPolicy) == "dot_segment");
  CHECK(fault_of("http://localhost:8787/#", kPolicy) == "fragment");
}

TEST_CASE("a policy's entry that is no origin allows nothing") {
  const std::array<std::string, 8> odd = {"",
                                          "ftp://localhost",
                                          "*",
                                          "http://",
                                          "http://localhost:8787/",
                                          "localhost:8787",
                                          "http://a%2eb",
                                          "http://*"};
  const UrlPolicy policy{.allowed_origins = odd};
  for (const auto text :
       {"http://localhost:8787/"sv, "ftp://localhost/"sv, "http://localhost"sv, "http://"sv,
        "http:///x"sv, "http://a%2eb/"sv, "http://*/"sv, "http://evil.com/"sv}) {
    CAPTURE(text);
    CHECK_FALSE(parse_url(text, policy).has_value());
  }
}
