#include "peer/fetch/contacts.hpp"

namespace swarmout {

Contacts::Contacts(SwarmSession& session, Presence& presence, Clock& clock, std::function<void(const Error&)> complain)
    : session_(session), presence_(presence), clock_(clock), complain_(std::move(complain)) {}

std::vector<Endpoint> Contacts::peers(const Wanted& wanted) {
  auto peers = presence_.others();
  if (!peers) {
    complain_(peers.error());
  }
  std::vector<Endpoint> all = std::move(peers).value_or(std::vector<Endpoint>());
  if (wanted.leader) {
    all.push_back(*wanted.leader);
    leader_ = wanted.leader;
  }
  return all;
}

std::vector<Endpoint> Contacts::trackers(const Wanted& wanted) {
  return wanted.tracker ? std::vector{*wanted.tracker} : std::vector<Endpoint>();
}

void Contacts::announce(const InfoHash& shown, const Wanted& wanted) {
  if (!wanted.tracker) {
    return;
  }
  if (announced_ && *announced_ != shown) {
    session_.set_trackers(*announced_, {});
  }
  announced_ = shown;
  session_.set_trackers(shown, trackers(wanted));
}

void Contacts::connect(const InfoHash& fetched, const Wanted& wanted) {
  if (wanted.leader && wanted.leader != leader_) {
    leader_ = wanted.leader;
    session_.connect(fetched, {*wanted.leader});
  }
  if (clock_.now() < next_connect_) {
    return;
  }
  next_connect_ = clock_.now() + kConnectEvery;
  if (session_.status(fetched).hosts < static_cast<int>(kFewConnections)) {
    session_.connect(fetched, peers(wanted));
  }
}

}  // namespace swarmout
