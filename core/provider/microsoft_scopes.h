// Which permissions of Microsoft Graph allow what others do.
#pragma once

#include "core/provider/catalogue.h"

namespace postern {

// learn.microsoft.com/graph/permissions-reference: what a larger permission allows besides. Entra
// lists what was granted alone.
inline constexpr ImpliedScope kMicrosoftImpliedScopes[] = {
    {"User.ReadWrite", "User.Read"},
    {"User.Read.All", "User.ReadBasic.All"},
    {"User.Read.All", "User.Read"},
    {"User.ReadWrite.All", "User.Read.All"},
    {"User.ReadWrite.All", "User.ReadBasic.All"},
    {"User.ReadWrite.All", "User.Read"},
    {"Directory.Read.All", "User.ReadBasic.All"},
    {"Directory.Read.All", "GroupMember.Read.All"},
    {"Directory.ReadWrite.All", "User.ReadBasic.All"},
    {"Directory.ReadWrite.All", "GroupMember.Read.All"},
    {"Mail.ReadWrite", "Mail.Read"},
    {"Calendars.ReadWrite", "Calendars.Read"},
    {"Contacts.ReadWrite", "Contacts.Read"},
    {"Files.ReadWrite", "Files.Read"},
    {"Files.Read.All", "Files.Read"},
    {"Files.ReadWrite.All", "Files.Read"},
    {"Files.ReadWrite.All", "Files.ReadWrite"},
    {"Sites.Read.All", "Files.Read"},
    {"Sites.ReadWrite.All", "Files.Read"},
    {"Sites.ReadWrite.All", "Files.ReadWrite"},
    {"Sites.ReadWrite.All", "Sites.Read.All"},
    {"Group.Read.All", "GroupMember.Read.All"},
    {"Group.ReadWrite.All", "GroupMember.Read.All"},
    {"GroupMember.ReadWrite.All", "GroupMember.Read.All"},
    {"Group.ReadWrite.All", "ChannelMessage.Send"},
    {"Group.ReadWrite.All", "ChannelMessage.Read.All"},
};

}  // namespace postern
