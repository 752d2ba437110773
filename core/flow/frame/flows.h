// Every flow, by the name of its operation. What each takes and gives is in its declaration
// (core/operation/declarations.cpp).
#pragma once

#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/outcome.h"

namespace postern {

Task<Outcome> health_flow(FlowContext* context);

Task<Outcome> create_connect_link_flow(FlowContext* context);
Task<Outcome> show_consent_flow(FlowContext* context);
Task<Outcome> begin_connect_flow(FlowContext* context);
Task<Outcome> callback_flow(FlowContext* context);
Task<Outcome> confirm_connection_flow(FlowContext* context);
Task<Outcome> connect_flow(FlowContext* context);

Task<Outcome> get_token_flow(FlowContext* context);
Task<Outcome> refresh_flow(FlowContext* context);
Task<Outcome> list_connections_flow(FlowContext* context);
Task<Outcome> get_connection_flow(FlowContext* context);
Task<Outcome> disconnect_flow(FlowContext* context);

Task<Outcome> list_versions_flow(FlowContext* context);
Task<Outcome> rollback_flow(FlowContext* context);
Task<Outcome> get_integration_flow(FlowContext* context);

Task<Outcome> list_events_flow(FlowContext* context);
Task<Outcome> list_dead_letters_flow(FlowContext* context);
Task<Outcome> redeliver_event_flow(FlowContext* context);

Task<Outcome> get_user_flow(FlowContext* context);
Task<Outcome> get_mail_flow(FlowContext* context);
Task<Outcome> get_calendar_events_flow(FlowContext* context);
Task<Outcome> list_subscriptions_flow(FlowContext* context);
Task<Outcome> list_resource_groups_flow(FlowContext* context);
Task<Outcome> list_resources_flow(FlowContext* context);

Task<Outcome> admin_consent_url_flow(FlowContext* context);
Task<Outcome> logout_url_flow(FlowContext* context);

Task<Outcome> create_api_key_flow(FlowContext* context);
Task<Outcome> list_api_keys_flow(FlowContext* context);
Task<Outcome> revoke_api_key_flow(FlowContext* context);

Task<Outcome> authority_token_flow(FlowContext* context);
Task<Outcome> authority_connect_flow(FlowContext* context);
Task<Outcome> authority_confirm_flow(FlowContext* context);
Task<Outcome> authority_describe_flow(FlowContext* context);
Task<Outcome> authority_versions_flow(FlowContext* context);
Task<Outcome> authority_rollback_flow(FlowContext* context);
Task<Outcome> authority_deliver_flow(FlowContext* context);
Task<Outcome> authority_redeliver_flow(FlowContext* context);
Task<Outcome> authority_disconnect_flow(FlowContext* context);
Task<Outcome> authority_alarm_flow(FlowContext* context);
Task<Outcome> authority_health_flow(FlowContext* context);

}  // namespace postern
