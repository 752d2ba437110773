// Which headers of a proxied call stay here, and which of its answer.
#pragma once

#include <string_view>

namespace postern {

// Names in lower case, '-' for '_' too: servers behind CGI read both alike. With '*' at its end a
// beginning. What a Connection header names besides
// stays here too (RFC 9110 7.6.1): the host reads it.

// The caller's credentials and cookies, hop-by-hop headers, what says where the call comes from,
// and what would change its method. Expect: workerd takes the 100 Continue for the answer.
inline constexpr std::string_view kDroppedFromRequest =
    "authorization x-ms-authorization-auxiliary proxy-* cookie set-cookie host origin referer "
    "expect "
    "connection keep-alive te trailer "
    "transfer-encoding upgrade cf-* cdn-loop x-forwarded-* forwarded via x-real-ip true-client-ip "
    "sec-* x-http-method* x-method-override x-original-* x-rewrite-url postern-* content-length";

// What would speak of Postern's own origin to a browser, or have a cache store the answer in spite
// of no-store (RFC 9213), cookies, hop-by-hop headers.
inline constexpr std::string_view kDroppedFromAnswer =
    "set-cookie set-cookie2 connection keep-alive proxy-* te trailer transfer-encoding upgrade "
    "alt-svc access-control-* cf-* nel report-to reporting-endpoints strict-transport-security "
    "content-security-policy* clear-site-data service-worker-allowed x-frame-options "
    "cdn-cache-control cloudflare-* surrogate-* expires x-content-type-options cross-origin-* "
    "origin-agent-cluster public-key-pins* expect-ct";

}  // namespace postern
