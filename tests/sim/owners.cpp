#include "tests/sim/owners.h"

#include <algorithm>
#include <array>

namespace postern::sim {

namespace {

struct Whose {
  std::string_view org;
  std::string_view user;
  std::string_view account;
};
// The same person's name in two organizations, two people in one, two accounts of one, and the
// organization itself.
constexpr std::array<Whose, 5> kWhose = {
    Whose{"acme", "user-1", "default"}, Whose{"acme", "user-2", "default"},
    Whose{"globex", "user-1", "default"}, Whose{"acme", "user-1", "work"},
    Whose{"acme", "", "default"}};

Vendor pick_vendor(Dice& dice) {
  const auto kind = dice.below(100);
  return kind < 50 ? Vendor::azure : kind < 75 ? Vendor::github : Vendor::google;
}

}  // namespace

std::vector<Owner> make_owners(Dice& dice) {
  std::vector<Owner> owners;
  const auto count = dice.between(1, kConnections);
  const bool of_one_kind = dice.percent(40);
  const bool of_one_person = dice.percent(25);
  auto vendor = pick_vendor(dice);
  while (std::ssize(owners) < count) {
    vendor = of_one_kind ? vendor : pick_vendor(dice);
    const auto& whose = kWhose[static_cast<std::size_t>(dice.below(std::ssize(kWhose)))];
    const bool taken = std::ranges::any_of(owners, [&](const Owner& owner) {
      return owner.vendor == vendor && owner.org == whose.org && owner.user == whose.user &&
             owner.account == whose.account;
    });
    if (!taken) {
      owners.push_back({.vendor = vendor,
                        .org = whose.org,
                        .user = whose.user,
                        .account = whose.account,
                        .person = of_one_person ? 0 : static_cast<int>(std::ssize(owners))});
    }
  }
  return owners;
}

ConnectionId id_of(const Owner& owner) {
  return {.org = std::string(owner.org),
          .integration = std::string(name_of(owner.vendor)),
          .subject = subject_text({.user_id = owner.user, .account = owner.account})};
}

std::string describe(const Owner& owner) {
  std::string text(owner.org);
  text += "/";
  text += user_id_of(owner);
  text += owner.account == kDefaultAccount ? "" : "/" + std::string(owner.account);
  return text + " at " + std::string(name_of(owner.vendor));
}

std::string_view user_id_of(const Owner& owner) {
  return owner.user.empty() ? kOrganizationName : owner.user;
}

std::string name_json(const Owner& owner) {
  std::string json = R"("userId":")" + std::string(user_id_of(owner)) + "\"";
  if (owner.vendor != Vendor::azure) {
    json += R"(,"integration":")" + std::string(name_of(owner.vendor)) + "\"";
  }
  if (owner.account != kDefaultAccount) {
    json += R"(,"account":")" + std::string(owner.account) + "\"";
  }
  return json;
}

}  // namespace postern::sim
