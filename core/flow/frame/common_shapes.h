// Types that answers of several features have in them.
#pragma once

#include "core/base/shape.h"

namespace postern::common {

// `ProblemCode` is generated of the problems that there are (core/base/problem.cpp).
inline constexpr Shape kShapes[] = {
    {.name = "Refusal",
     .type = "{success: false, code: ProblemCode, status: number, error: string, type: string, "
             "title: string, detail?: string, retry_after?: number, connect_url?: string, "
             "connect_state?: string, connect_expires_at?: string, cause?: "
             "string, evidence?: string, fix?: string, meaning?: string, reason?: string, "
             "reference?: string, provider_error?: string, suberror?: string, error_codes?: "
             "string, correlation_id?: string, trace_id?: string, timestamp?: string, "
             "provider_code?: string, provider_inner_code?: string, client_request_id?: string, "
             "pages_read?: string, next_cursor?: string}",
     .summary = "A problem document (RFC 9457): over RPC never thrown, always answered"},
};

}  // namespace postern::common
