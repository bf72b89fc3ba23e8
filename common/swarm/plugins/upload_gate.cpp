#include "common/swarm/plugins/upload_gate.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace swarmout {

UploadGate::UploadGate(std::vector<std::uint16_t> blocks, std::uint32_t seed)
    : blocks_(std::move(blocks)), pieces_(blocks_.size()), order_(blocks_.size()), inside_(blocks_.size()) {
  // By chance, but no piece before one that is so far ahead of it.
  std::minstd_rand random(seed);
  std::vector<std::pair<Piece, Piece>> keys;
  for (Piece piece = 0; piece < blocks_.size(); ++piece) {
    keys.emplace_back(piece + random() % kWindow, piece);
  }
  std::sort(keys.rbegin(), keys.rend());
  std::transform(keys.begin(), keys.end(), order_.begin(), [](const auto& key) { return key.second; });
}

std::vector<UploadGate::Piece> UploadGate::joined(Host host) {
  return keep_some(host, clients_[host]);
}

UploadGate::Answer UploadGate::asked(Host host, Piece piece, MonotonicTime now) {
  Client& client = clients_[host];
  if (piece >= pieces_.size()) {
    return {};  // libtorrent refuses it
  }
  State& state = pieces_[piece];
  const bool own = state.host == host && state.place != Place::free;
  if (!own && lapsed(piece, now)) {
    take_back(piece);
  }
  // Kept for somebody else: taken from it only when nothing is free.
  const bool first = state.place == Place::free || (state.place == Place::kept && (own || kept_.size() == inside_));
  if (first) {
    give(host, client, piece, now);
  } else if (!own && inside_ > 0) {
    const bool waited = client.refused_since && now - *client.refused_since >= kPatience;
    if (!waited) {
      client.refused_since = client.refused_since.value_or(now);
      return {Verdict::refuse, keep_some(host, client)};
    }
  } else if (!own && leaving_ > 0 && now - progress_ < kDrains) {
    return {Verdict::wait, {}};
  }
  client.refused_since.reset();
  if (!own && !first) {
    return {};
  }
  // It asks for what it was told of last. Told of more after each block, it would begin pieces and end none.
  ++state.asked;
  state.last_asked = now;
  return {Verdict::serve, state.asked == blocks_[piece] ? keep_some(host, client) : std::vector<Piece>()};
}

bool UploadGate::lapsed(Piece piece, MonotonicTime now) const {
  const State& state = pieces_[piece];
  return state.leaving && state.asked < blocks_[piece] && now - state.last_asked >= kSpreads;
}

void UploadGate::sent(Host host, Piece piece, MonotonicTime now) {
  if (piece < pieces_.size() && pieces_[piece].host == host && pieces_[piece].leaving) {
    progress_ = now;
    has_left(pieces_[piece]);
  }
}

void UploadGate::has_left(State& state) {
  leaving_ -= state.leaving ? 1 : 0;
  state.leaving = false;
}

void UploadGate::exists(Host host, Piece piece) {
  if (piece >= pieces_.size()) {
    return;
  }
  State& state = pieces_[piece];
  if (state.place == Place::out) {
    if (state.host != host) {  // passed on: it is not lost with the host that it was given to
      has_left(state);
      state.host = kNobody;
    }
    return;
  }
  if (state.place == Place::kept) {
    kept_.erase(piece);
    clients_[state.host].kept.erase(piece);
  }
  state = {Place::out, kNobody, false, 0, {}};
  --inside_;
}

void UploadGate::all_exist(Host host) {
  for (Piece piece = 0; piece < pieces_.size(); ++piece) {
    exists(host, piece);
  }
}

void UploadGate::left(Host host, MonotonicTime now) {
  const auto found = clients_.find(host);
  if (found == clients_.end()) {
    return;
  }
  const Client client = std::move(found->second);
  clients_.erase(found);
  for (const Piece piece : client.kept) {
    kept_.erase(piece);
    release(piece);
  }
  for (const Piece piece : client.given) {
    if (pieces_[piece].host != host) {
      continue;
    }
    if (now - pieces_[piece].last_asked < kSpreads) {
      take_back(piece);
    } else {
      has_left(pieces_[piece]);
    }
  }
}

void UploadGate::give(Host host, Client& client, Piece piece, MonotonicTime now) {
  State& state = pieces_[piece];
  if (state.place == Place::kept) {
    kept_.erase(piece);
    clients_[state.host].kept.erase(piece);
  }
  state = {Place::out, host, true, 0, now};
  --inside_;
  ++leaving_;
  progress_ = now;
  client.given.insert(piece);
}

void UploadGate::take_back(Piece piece) {
  has_left(pieces_[piece]);
  ++inside_;
  release(piece);
}

void UploadGate::release(Piece piece) {
  pieces_[piece] = {};
  order_.push_back(piece);
}

std::vector<UploadGate::Piece> UploadGate::keep_some(Host host, Client& client) {
  std::vector<Piece> news;
  while (client.kept.size() < kAhead && !order_.empty()) {
    const Piece piece = order_.back();
    order_.pop_back();
    if (pieces_[piece].place == Place::free) {
      pieces_[piece].place = Place::kept;
      pieces_[piece].host = host;
      kept_.insert(piece);
      client.kept.insert(piece);
      news.push_back(piece);
    }
  }
  return news;
}

}  // namespace swarmout
