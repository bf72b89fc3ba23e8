#include "common/swarm/swarm_session.hpp"

#include "tests/common/swarm/swarm_hosts.hpp"
#include "tests/support/fake_clock.hpp"

namespace swarmout::test {

using SwarmSessionTest = SwarmTest;

TEST_F(SwarmSessionTest, ItListensWhereItSays) {
  const Host host = make_host("host");

  EXPECT_EQ(host.session->endpoint().address, "127.0.0.1");
  EXPECT_NE(host.session->endpoint().port, 0);
}

TEST_F(SwarmSessionTest, ATakenPortIsATemporaryFailure) {
  const Host first = make_host("first");
  SwarmSettings settings;
  settings.listen_port = first.session->endpoint().port;

  EXPECT_THAT(SwarmSession::open(settings), FailsWith(ErrorCode::temporary, "cannot listen on 127.0.0.1"));
}

TEST_F(SwarmSessionTest, AnAddressOfAnotherMachineIsATemporaryFailure) {
  SwarmSettings settings;
  settings.listen_address = "192.0.2.1";

  EXPECT_THAT(SwarmSession::open(settings), FailsWith(ErrorCode::temporary, "cannot listen on 192.0.2.1"));
}

TEST_F(SwarmSessionTest, BytesThatAreNoTorrentAreRefused) {
  const Host host = make_host("host");

  EXPECT_THAT(host.session->add({"garbage", host.directory, {}, false, {}}), FailsWith(ErrorCode::refused));
}

TEST_F(SwarmSessionTest, ATorrentIsNamedByItsInfoHash) {
  const Host host = make_host("host");

  EXPECT_EQ(host.session->add({torrent_.bytes, host.directory, {}, false, {}}).value_or(InfoHash{}),
            torrent_.info_hash);
}

TEST_F(SwarmSessionTest, WhoHasEverythingIsCompleteAtOnce) {
  Host seeder = make_seeder();

  ASSERT_TRUE(all_arrive({&seeder}, {&seeder}));

  const SwarmStatus status = seeder.session->status(torrent_.info_hash);
  EXPECT_TRUE(status.complete);
  EXPECT_EQ(status.wanted, total());
  EXPECT_EQ(status.have, total());
  EXPECT_EQ(status.downloaded, 0U);
}

TEST_F(SwarmSessionTest, ACloneFetchesEverything) {
  Host seeder = make_seeder();
  Host clone = make_clone("clone", {seeder.session->endpoint()});

  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));

  expect_payload(clone);
}

TEST_F(SwarmSessionTest, PiecesThatHavePassedAreToldOneByOne) {
  Host seeder = make_seeder();
  Host clone = make_clone("clone", {});
  const auto passed = clone.session->passed(torrent_.info_hash);
  ASSERT_NE(passed, nullptr);
  EXPECT_EQ(passed->count(), 0U);
  const TorrentContents contents = read_torrent(torrent_.bytes).value();

  clone.session->connect(torrent_.info_hash, {seeder.session->endpoint()});
  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));

  EXPECT_EQ(passed->count(), contents.pieces);
  EXPECT_TRUE(passed->has_all({0, contents.pieces}));
  EXPECT_FALSE(passed->has(contents.pieces));
}

TEST_F(SwarmSessionTest, WhatIsHurriedArrivesBeforeTheRest) {
  Host seeder = make_seeder();
  SwarmSettings slow;
  slow.limits.download = 256 * kKiB;
  Host clone = make_clone("clone", {seeder.session->endpoint()}, slow);
  const TorrentContents contents = read_torrent(torrent_.bytes).value();
  const auto last = std::max_element(contents.files.begin(), contents.files.end(),
                                     [](const auto& a, const auto& b) { return a.first_piece < b.first_piece; });
  const PieceRange pieces{last->first_piece, contents.pieces};

  ASSERT_TRUE(poll_until({&seeder, &clone}, [&] {
    clone.session->hurry(torrent_.info_hash, pieces);
    return clone.session->passed(torrent_.info_hash)->has_all(pieces);
  }));

  EXPECT_LT(clone.session->passed(torrent_.info_hash)->count(), contents.pieces / 2);
}

TEST_F(SwarmSessionTest, EveryFileIsAnnouncedOnceAndAllOfThemLast) {
  Host seeder = make_seeder();
  Host clone = make_clone("clone", {seeder.session->endpoint()});

  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));

  EXPECT_THAT(clone.arrived(), testing::UnorderedElementsAre("manifest", large_name_, small_name_));
  EXPECT_TRUE(std::holds_alternative<AllArrived>(clone.events.back()));
  EXPECT_EQ(std::get<AllArrived>(clone.events.back()).info_hash, torrent_.info_hash);
  EXPECT_EQ(clone.count<AllArrived>(), 1U);
  EXPECT_EQ(clone.count<BadData>() + clone.count<SwarmFailed>(), 0U);
}

TEST_F(SwarmSessionTest, ItsStatusCountsWhatWasFetched) {
  Host seeder = make_seeder();
  Host clone = make_clone("clone", {seeder.session->endpoint()});

  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));

  const SwarmStatus status = clone.session->status(torrent_.info_hash);
  EXPECT_TRUE(status.complete);
  EXPECT_EQ(status.have, total());
  EXPECT_EQ(status.wanted, total());
  EXPECT_GE(status.downloaded, total());
  EXPECT_GE(seeder.session->status(torrent_.info_hash).uploaded, total());
}

TEST_F(SwarmSessionTest, APeerMayBeOfferedLater) {
  Host seeder = make_seeder();
  Host clone = make_clone("clone", {});
  ASSERT_TRUE(poll_until({&seeder, &clone}, [&] { return !clone.session->status(torrent_.info_hash).checking; }));
  EXPECT_FALSE(clone.has_all());

  clone.session->connect(torrent_.info_hash, {seeder.session->endpoint(), clone.session->endpoint()});

  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));
  expect_payload(clone);
}

TEST_F(SwarmSessionTest, ACloneThatKnowsOnlyAnotherCloneFetchesFromIt) {
  Host seeder = make_seeder();
  Host first = make_clone("first", {seeder.session->endpoint()});
  Host second = make_clone("second", {first.session->endpoint()});

  ASSERT_TRUE(all_arrive({&seeder, &first, &second}, {&first, &second}));

  expect_payload(first);
  expect_payload(second);
}

TEST_F(SwarmSessionTest, HostsThatConnectToEachOtherAtTheSameMomentAllMeet) {
  std::vector<Host> hosts;
  std::vector<Endpoint> everybody;
  for (int i = 0; i < 8; ++i) {
    hosts.push_back(make_host("host-" + std::to_string(i)));
    everybody.push_back(hosts.back().session->endpoint());
  }
  std::vector<Host*> all;
  for (Host& each : hosts) {
    add(each, {}, everybody);
    all.push_back(&each);
  }

  EXPECT_TRUE(poll_until(all, [&] {
    return std::all_of(all.begin(), all.end(),
                       [&](const Host* host) { return host->session->status(torrent_.info_hash).connected == 7; });
  }));
}

TEST_F(SwarmSessionTest, CloneServesWhatItHasAfterTheSeederIsGone) {
  Host first = [&] {
    Host seeder = make_seeder();
    Host clone = make_clone("first", {seeder.session->endpoint()});
    EXPECT_TRUE(all_arrive({&seeder, &clone}, {&clone}));
    return clone;
  }();
  Host second = make_clone("second", {first.session->endpoint()});

  ASSERT_TRUE(all_arrive({&first, &second}, {&second}));

  expect_payload(second);
}

TEST_F(SwarmSessionTest, APeerThatIsNotThereDoesNoHarm) {
  Host seeder = make_seeder();
  Host gone = make_host("gone");
  const Endpoint nobody = gone.session->endpoint();
  gone.session.reset();
  Host clone = make_clone("clone", {nobody, seeder.session->endpoint(), {"not an address", 1}});

  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));
}

TEST_F(SwarmSessionTest, ARemovedTorrentIsNotServedAnyMoreAndItsFilesStay) {
  Host seeder = make_seeder();
  ASSERT_TRUE(all_arrive({&seeder}, {&seeder}));

  seeder.session->remove(torrent_.info_hash);

  EXPECT_EQ(seeder.session->status(torrent_.info_hash).wanted, 0U);
  expect_payload(seeder);
  seeder.session->remove(torrent_.info_hash);  // again
}

TEST_F(SwarmSessionTest, ARemovedTorrentCanBeAddedAgain) {
  Host seeder = make_seeder();
  ASSERT_TRUE(all_arrive({&seeder}, {&seeder}));
  seeder.session->remove(torrent_.info_hash);
  add(seeder, {"manifest", large_name_, small_name_}, {});
  Host clone = make_clone("clone", {seeder.session->endpoint()});

  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));
}

TEST_F(SwarmSessionTest, AnUnknownTorrentIsNobodysBusiness) {
  const Host host = make_host("host");

  host.session->connect(torrent_.info_hash, {{"127.0.0.1", 9}});
  host.session->remove(torrent_.info_hash);

  EXPECT_EQ(host.session->status(torrent_.info_hash).wanted, 0U);
}

// What is there already.

TEST_F(SwarmSessionTest, FilesThatAreKnownToBeThereAreNotFetched) {
  Host seeder = make_seeder();
  Host clone = make_host("clone");
  lay_out(clone.directory, {{large_name_, large_}});
  add(clone, {large_name_}, {seeder.session->endpoint()});

  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));

  expect_payload(clone);
  EXPECT_LT(clone.session->status(torrent_.info_hash).downloaded, large_.size() / 2);
}

TEST_F(SwarmSessionTest, PartsOfFilesAreResumed) {
  Host seeder = make_seeder();
  Host clone = make_host("clone");
  lay_out(clone.directory, {{large_name_, large_.substr(0, large_.size() * 3 / 4)}});
  add(clone, {}, {seeder.session->endpoint()}, true);

  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));

  expect_payload(clone);
  EXPECT_LT(clone.session->status(torrent_.info_hash).downloaded, total() / 2);
}

TEST_F(SwarmSessionTest, DamageInWhatWasThereIsFetchedAgain) {
  Host seeder = make_seeder();
  Host clone = make_host("clone");
  std::string damaged = large_;
  damaged[kMiB] = static_cast<char>(~damaged[kMiB]);
  lay_out(clone.directory, {{large_name_, damaged}, {small_name_, small_}, {"manifest", payload_.at("manifest")}});
  add(clone, {}, {seeder.session->endpoint()}, true);

  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));

  expect_payload(clone);
  EXPECT_LT(clone.session->status(torrent_.info_hash).downloaded, total() / 4);
}

TEST_F(SwarmSessionTest, WholeFilesThatWereCheckedAreComplete) {
  Host host = make_host("host");
  lay_out(host.directory, payload_);
  add(host, {}, {}, true);

  ASSERT_TRUE(all_arrive({&host}, {&host}));

  EXPECT_EQ(host.session->status(torrent_.info_hash).have, total());
}

// Who sent what.

TEST_F(SwarmSessionTest, WhatOneHostSentIsWhatTheOtherReceived) {
  Host seeder = make_seeder();
  ASSERT_TRUE(all_arrive({&seeder}, {&seeder}));
  Host first = make_clone("first", {seeder.session->endpoint()});
  ASSERT_TRUE(all_arrive({&seeder, &first}, {&first}));
  Host second = make_clone("second", {first.session->endpoint()});
  ASSERT_TRUE(all_arrive({&seeder, &first, &second}, {&second}));

  const TransferReport from = seeder.session->transfer(torrent_.info_hash);
  const TransferReport through = first.session->transfer(torrent_.info_hash);
  const TransferReport to = second.session->transfer(torrent_.info_hash);
  const auto with = [](const TransferReport& report, const Host& host) {
    for (const HostTraffic& each : report.traffic.hosts) {
      if (each.host == host.session->endpoint()) {
        return each;
      }
    }
    return HostTraffic{};
  };
  EXPECT_GE(with(through, seeder).in, total());
  EXPECT_EQ(with(from, first).out, with(through, seeder).in) << "though the clone connected, from some port";
  EXPECT_EQ(with(through, second).out, with(to, first).in);
  EXPECT_EQ(to.traffic.in(), with(to, first).in + with(to, seeder).in);
}

TEST_F(SwarmSessionTest, ItsSumsAreThoseOfTheStatus) {
  Host seeder = make_seeder();
  Host clone = make_clone("clone", {seeder.session->endpoint()});
  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));

  for (const Host* const host : {&seeder, &clone}) {
    const TransferReport report = host->session->transfer(torrent_.info_hash);
    const SwarmStatus status = host->session->status(torrent_.info_hash);
    EXPECT_EQ(report.traffic.in(), status.downloaded);
    EXPECT_EQ(report.traffic.out(), status.uploaded);
    EXPECT_EQ(status.duplicate, 0U) << "there is only one to ask";
    EXPECT_EQ(status.failed, 0U);
  }
}

TEST_F(SwarmSessionTest, PiecesAreTimedByTheClockItWasGiven) {
  FakeClock clock;
  Host seeder = make_seeder();
  ASSERT_TRUE(all_arrive({&seeder}, {&seeder}));
  Host clone = make_host("clone");
  clone.session = SwarmSession::open({}, clock).value();
  add(clone, {}, {});
  EXPECT_EQ(clone.session->transfer(torrent_.info_hash).first_piece, std::nullopt);

  clock.advance(std::chrono::seconds(7));
  clone.session->connect(torrent_.info_hash, {seeder.session->endpoint()});
  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));

  const TransferReport report = clone.session->transfer(torrent_.info_hash);
  EXPECT_EQ(report.first_piece, std::chrono::seconds(7));
  EXPECT_EQ(report.last_piece, std::chrono::seconds(7));
  clone.session.reset();  // before its clock
}

TEST_F(SwarmSessionTest, WhatIsOnlyCheckedCameFromNobody) {
  Host host = make_host("host");
  lay_out(host.directory, payload_);
  add(host, {}, {}, true);
  ASSERT_TRUE(all_arrive({&host}, {&host}));

  EXPECT_EQ(host.session->transfer(torrent_.info_hash).first_piece, std::nullopt);
  EXPECT_EQ(host.session->transfer(torrent_.info_hash).traffic, Traffic{});
}

}  // namespace swarmout::test
