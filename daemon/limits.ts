// Every bound of the daemon, each with its reason. Reaching one is counted and said, never silent.

export const LIMITS = {
  /** Addresses in all pools of one box: keeps bitmaps and books within a small router's memory. */
  poolAddressesMax: 1 << 17,
  networksMax: 32,
  reservationsMax: 4096,
  /** Offers waiting for their REQUEST: a flood of DISCOVERs may not grow without end. */
  offersMax: 8192,
  /** How long an offered address is held for the client. RFC 2131 leaves it open; clients retry in 4-64 s. */
  offerSeconds: 30,
  /** An address a client declined, or that answered a probe, rests this long. */
  abandonedSeconds: 3600,
  /**
   * A reply that waited longer for the disk is not sent: many clients count their lease from when the
   * ACK comes in, and would hold the address longer than the box believes.
   */
  replyWaitMilliseconds: 5000,
  /** Leases end this much late for others: it covers that wait, and packets on their way. */
  expiryGraceSeconds: 10,
  /** Replies that wait for the disk; above it new requests are dropped and clients ask again. */
  waitingRepliesMax: 16_384,
  /** Bytes of records that wait for the disk. */
  journalBatchBytesMax: 4 << 20,
  /** A segment this long is followed by a snapshot. Sized so that recovery reads it in a second. */
  journalSegmentBytesMax: 16 << 20,
  /** A segment shorter than this is never followed by a snapshot, however few leases there are. */
  journalSegmentBytesMin: 4 << 20,
  /** A segment this many times as long as the last snapshot is followed by the next one. */
  journalSegmentPerSnapshot: 8,
  /** Leases written to a snapshot in one go, so that packets never wait longer than about 1 ms. */
  journalSnapshotSlice: 1000,
  /** Between two attempts at a snapshot that failed while records can still be written. */
  journalSnapshotRetryMilliseconds: 10_000,
  /** Files and bytes of each that recovery keeps of what it could not read. */
  journalDamagedFilesMax: 8,
  journalDamagedBytesMax: 1 << 20,
  /** A write that follows the one before within this time waits for it to pass, to be a bigger one. */
  journalPaceMilliseconds: 2,
  /** A batch this big does not wait. */
  journalPaceBytes: 64 << 10,
  /** Zeros written ahead of the records, so that most writes change no metadata of the file system. */
  journalZerosAhead: 256 << 10,
  /** A write under way this long is reported as a slow disk. */
  slowWriteMilliseconds: 1000,
  /** Between two attempts to write again after the disk failed. */
  diskRetryMilliseconds: 1000,
  /** How often changes are told to pages: often enough to feel live, seldom enough for a router. */
  newsMilliseconds: 200,
  /** How often the configuration files are looked at and slow conditions judged. */
  housekeepingMilliseconds: 2000,
  /** A complaint of the packet helper is shown this long, unless it complains again. */
  helperErrorMilliseconds: 60_000,
  classesMax: 256,
  poolsPerNetworkMax: 64,
  /** How long an address is listened for before it is offered (RFC 5227 listens longer; a client waits). */
  probeMilliseconds: 100,
  /** Addresses asked about at once; above it offers are made without asking. */
  probesMax: 64,
  /** DISCOVERs per second on one box above which offers are made without asking. */
  probeRateMax: 50,
  /** Times in a row that one client's offer may fail by a conflict before it is left to ask again. */
  probeTriesMax: 5,
  /** A client that had an address so recently is offered it again without asking. */
  probeTrustSeconds: 86_400,
  /** Requests of one client: so many at once, and so many a second on. A client at boot sends about ten. */
  clientBurst: 40,
  clientPerSecond: 5,
  /** Places for clients in the limiter; two that share one share its limit as well. */
  clientBuckets: 16_384,
  /** Unknown clients of one LAN: a share of its pools a second, and never less than this. */
  newClientsPerSecondMin: 50,
  /** Addresses one client may decline within `declineWindowSeconds`. */
  declinesMax: 5,
  declineWindowSeconds: 3600,
  /** Other DHCP servers remembered per LAN. */
  rogueServersMax: 8,
  /** How often a LAN is asked for other servers, and how long one that was heard counts as there. */
  rogueProbeMilliseconds: 180_000,
  rogueForgetMilliseconds: 600_000,
  selfProbeMilliseconds: 60_000,
  /** Clients and decisions of each that `why` remembers: with lease, and strangers. */
  historyKnownMax: 2048,
  historyStrangersMax: 1024,
  historyPerClient: 8,
  /** Forced renewals a second: each is answered by a renewal, and they should not come at once. */
  forcedRenewsPerSecond: 20,
  /** Content of option 82 that is kept with a lease. */
  relayAgentBytesMax: 255,
  /**
   * Lease queries a second that look through all leases (by MAC or remote-id). One took 15 to 25 ms
   * with the most leases a box can have, during which no packet is answered.
   */
  leaseQueryScansPerSecond: 4,
  /** Further addresses named in one answer to a lease query: as many as one piece of an option holds. */
  associatedAddressesMax: 62,
  /** Bytes of one bulk lease query, and how many may wait on one connection. */
  bulkQueryBytesMax: 2048,
  bulkQueriesMax: 8,
  /** Leases looked at in one go for a bulk query, so that packets never wait longer than about 1 ms. */
  bulkQuerySlice: 1000,
  /** Answers to a bulk query sent in one go: a few µs each, and packets come first. */
  bulkMessagesAtOnce: 100,
  /** Connections for bulk lease queries, and how long one may be silent while nothing is answered. */
  bulkConnectionsMax: 8,
  bulkIdleMilliseconds: 120_000,
  /**
   * Bytes that may wait for the partner to read them. The window of unacknowledged updates holds it to
   * a few hundred kilobytes; a partner that is this far behind does not read at all.
   */
  peerBytesMax: 8 << 20,
  /** Bytes of the partner after which it is told that they have arrived, although nothing else is said. */
  channelAcknowledgeBytes: 16_384,
  /** Otherwise it is told so often. */
  channelRestMilliseconds: 200,
  /** How long a session goes on without a connection that works: a LAN is taken within a second. */
  channelGraceMilliseconds: 3000,
  /** The same when the partner closed it, which it does when it ends; or another one follows at once. */
  channelReplaceMilliseconds: 250,
  /** How long the pair link must have worked again before the session goes back to it. */
  pairLinkStableMilliseconds: 2000,
  /** How long a dial on the link may take until both have shown their keys: a slow box needs half a second. */
  pairDialMilliseconds: 3000,
  /** Connections at once, on one interface, that have not shown a key yet. */
  peerGreetedMax: 16,
  /**
   * Connections a second on one interface that are greeted at all: TLS costs some milliseconds before anything is
   * known of the other end. The partner dials five times a second at most.
   */
  peerGreetingsPerSecond: 10,
  /** Connections of the partner that may stand at once: it needs two while the session moves. */
  pairLinesMax: 4,
  /** How often it is looked which interfaces have carrier: their going is to be noticed within a second. */
  interfacesMilliseconds: 200,
  /** A timer that comes so late tells of a box that was too busy to listen. */
  stallMilliseconds: 100,
  /** How long a LAN must have had carrier again before a box takes its share of it back. */
  lanStableMilliseconds: 3000,
  /** After the session began nothing is said of the wires: those that have just come up need a moment. */
  pairSettleMilliseconds: 3000,
  /** How long a fault of the wires that is over by itself most of the time must last before it is said. */
  passingMilliseconds: 1000,
  /**
   * Signatures checked on one path, each a tenth to a third of a millisecond: of what may be the partner now, who
   * needs 5 of them, and of everything else.
   */
  beaconChecksPerSecond: 250,
  otherBeaconChecksPerSecond: 20,
  /** How long the process of the partner that is believed keeps its echo from one that is not. */
  beaconEchoMilliseconds: 1000,
  /** Boxes on pair ports that are shown at once, and how long after they were last heard. */
  strangersMax: 4,
  strangerMilliseconds: 3000,
  /** A control message: a whole configuration, and what is said about it. */
  controlBytesMax: (1 << 20) + 4096,
  /** Of control that the partner has not acknowledged: failover never waits for more than that. */
  controlUnderWayBytes: 65_536,
  /** The kernel itself would ask an address that is silent for two minutes. */
  peerConnectMilliseconds: 5000,
  /** Between two attempts to listen, while the address does not exist yet or the port is taken. */
  peerListenRetryMilliseconds: 3000,
  /** How long a daemon that ends waits for its disk, and the partner for its word that it ends. */
  journalCloseMilliseconds: 10_000,
  /** How long a connection that is closed may take to deliver its last messages. */
  peerCloseMilliseconds: 1000,
  /** Changes that wait for the partner; above it the book is gone through for what it does not have. */
  peerBacklogMax: 16_384,
  /** Updates without an answer that a partner may have under way here, and sent in one go. */
  peerWindow: 2048,
  peerPageMax: 512,
  /** Leases looked at in one go for what the partner does not have. */
  peerSweepSlice: 2000,
  /** How long the primary may take to say that a lease is over. */
  partnerEndSeconds: 30,
  /** Addresses that change hands between the boxes in one go. */
  peerTransferSlice: 2048,
  /** TCP connections with the partner that may stand at once: both boxes dial. */
  peerConnectionsMax: 4,
  /** How long a new connection may take until it is agreed on (draft failover-12 §8.3). */
  peerHandshakeMilliseconds: 15_000,
  /** How long a dhcpd that comes back is listened to before it is told anything, if it finds no end. */
  peerListenMilliseconds: 30_000,
  /** Between two attempts to reach the partner: a second between our own boxes, as dhcpd does with it. */
  peerDialMilliseconds: 1000,
  peerDialSlowMilliseconds: 5000,
  /** After a connection was lost: long enough not to race with the partner that ends. */
  peerRedialMilliseconds: 200,
  /** How long a starting box waits for its partner before it serves (§9.3: 5 to 10 s). */
  startupMilliseconds: 5000,
  /** Difference of the clocks at which two boxes do not speak, in seconds. */
  clockDifferenceSeconds: 60,
  /** Boxes on the pair ports that are remembered: one is wanted, and more than one is told to a person. */
  introductionBoxesMax: 8,
  /** A box that is not heard for so long is gone; they announce themselves every second. */
  introductionSilenceMilliseconds: 10_000,
  /** Between two attempts to get to know a box. */
  introductionRetryMilliseconds: 5000,
  /** And when it was not ready yet: boxes that are plugged in find each other within a second. */
  introductionSoonMilliseconds: 500,
  /** How long people may take to compare digits, and to choose. They walk from one box to the other. */
  introductionPeopleMilliseconds: 600_000,
  /** How long the boxes may take for what needs no person, disks that are slow included. */
  introductionAnswerMilliseconds: 60_000,
  /** A box that was found this long ago is not confirmed by a button: its cable may have been forgotten. */
  introductionButtonMilliseconds: 600_000,
  /** How long a partner may take to say that it has left the pair. */
  unpairMilliseconds: 5000,
  hostnameBytesMax: 63,
  vendorClassBytesMax: 64,
  /** Step of the wall clock against the monotonic one that counts as a jump, not as drift. */
  clockStepMilliseconds: 2000,
  /** After power-on or a step the clock may still be corrected: reaching a time server takes minutes. */
  clockProbationMilliseconds: 600_000,
  /** Lines of one kind per second; the next line says how many were left out. */
  logLinesPerSecond: 20,
  /** Events kept for the page and for `tandem events`. */
  eventLogMax: 500,
  /** Memory for lines of the log that can be asked for: some thousand. Those for debugging do not crowd out others. */
  logRingBytesMax: 512 << 10,
  logDebugRingBytesMax: 256 << 10,
  /** Lines of the log in one answer. */
  logLinesMax: 5000,
  /** Changed leases told to pages in one message; a page that needs more asks for its list anew. */
  changedLeasesMax: 500,
  /** Lease signals a second on the system bus; how many more there would be is said in one. */
  busLeaseSignalsPerSecond: 100,
  /** Leases looked at in one go for what the bus is to be told of them, so that packets wait for about 1 ms. */
  busLeasesSlice: 1000,
  /** How often the bus is told of a change of nothing but figures, such as a time in milliseconds. */
  busFiguresMilliseconds: 10_000,
  /** Live listeners (pages) at once. */
  eventStreamsMax: 32,
  /** Bytes that may wait for one slow listener before it is cut off. */
  eventStreamBytesMax: 256 << 10,
  /** Leases in one live event; in a flood listeners are told to fetch the list instead. */
  eventLeasesMax: 200,
  /** Keeps one answer of the lease list within a few hundred kilobytes. */
  leasePageMax: 1000,
  /** Characters of a search or network name in a query. */
  searchTextMax: 100,
  /** Connections to one HTTP socket: the live listeners and as many short requests again. */
  httpConnectionsMax: 64,
  httpHeaderBytesMax: 8 << 10,
  httpBodyBytesMax: 64 << 10,
  /**
   * TLS handshakes a second, of all devices and of one. Each takes the processor of a small router some milliseconds,
   * in which no packet is answered; a browser begins with six at once.
   */
  httpsHandshakesPerSecond: 20,
  httpsHandshakesPerDevice: 10,
  httpsHandshakeMilliseconds: 5000,
  /** Connections that have not shaken hands yet. */
  httpsGreetedMax: 16,
  /** Connections in all, and of one device: a browser has six, and each page that is open one more. */
  httpsConnectionsMax: 64,
  httpsConnectionsPerDevice: 24,
  /** Devices whose connections are counted; more than can be connected at once. */
  httpsDevicesMax: 256,
  /** How often it is looked which addresses the box has: a virtual one has come within that time. */
  httpsLookMilliseconds: 1000,
  /** Between two attempts to listen where another program does. */
  httpsRetryMilliseconds: 10_000,
  /** Certificates in one file: a server's own, and those between it and its authority. */
  certificateChainMax: 8,
  /** A few of them, with the longest key that is taken. */
  certificateUploadBytesMax: 32 << 10,
  /** Longer keys cost a box so much time in each handshake that devices would wait for their addresses. */
  rsaBitsMax: 4096,
  /** So long before its end people are told of a certificate that they have put on the box. */
  certificateWarningDays: 21,
  /**
   * How long a box that knows of no authority waits before it makes one: on the channel with its partner, which tells at
   * once what it knows; and when it does not hear the partner, or is not the one to make it.
   */
  authorityHeardMilliseconds: 3000,
  authorityAloneMilliseconds: 60_000,
  /** Between two attempts to make an authority, or to write a certificate. */
  certificateRetryMilliseconds: 60_000,
  /** Files of another server that are looked through, how long and with how much memory that may take. */
  importFilesMax: 20,
  importBytesMax: 8 << 20,
  importMilliseconds: 20_000,
  importMegabytesMax: 192,
  importAnswerBytesMax: 16 << 20,
  /** What could not be taken over, as one answer says it: more are alike. */
  importNotesMax: 1000,
  /** Things wrong with one request that are said; whoever sends more mends these first. */
  requestIssuesMax: 50,
  /** Captures of frames at once: one that a person watches, and one of a program. */
  capturesMax: 2,
  captureSecondsMax: 600,
  /** Of one capture file: some 20,000 messages. Longer ones are made with a filter. */
  captureBytesMax: 8 << 20,
  /** Bytes that wait for the reader of a capture; frames above it are left out, and counted. */
  captureWaitingBytesMax: 1 << 20,
  /** How often captured frames are handed to their reader. */
  captureFlushMilliseconds: 100,
  /** How long the reader of a capture that is over may take to fetch the rest. */
  captureRestMilliseconds: 10_000,
  /** Of a document for support: the longest configuration fits, with everything else. */
  supportBytesMax: 4 << 20,
  /** Texts in which names are replaced in one go, so that packets never wait longer than about 1 ms. */
  supportSlice: 50,
  /** Files in the state folder that it names. */
  supportFilesMax: 200,
  /** Reports of drills that are kept. */
  drillReportsMax: 20,
  /** Addresses behind the router that are pinged once a second. */
  wanTargetsMax: 8,
  configFileBytesMax: 1 << 20,
  /** What two boxes can share: a message of their channel, and one file, hold it with its lineage. */
  configDocumentBytesMax: (1 << 20) - (64 << 10),
  /** What is in force, and while it is on trial what was in force before. */
  configInForceBytesMax: 2 << 20,
  /**
   * How long the partner may take over an answer about the configuration: it checks a document and writes
   * three files, which takes a slow disk a second or two.
   */
  configAnswerMilliseconds: 15_000,
  /** Until it is asked again, if it said nothing: it may have been busy, or its disk. */
  configRetryMilliseconds: 60_000,
  /**
   * How much longer than the box that began a trial the other one waits before it undoes it: clocks run apart, and
   * what is said last takes its time.
   */
  configTrialGraceMilliseconds: 10_000,
  /** Messages of the partner that wait for the disk: it says two or three before it needs an answer. */
  configMessagesWaitingMax: 32,
  /** Configurations that were in force before, and those that a person wrote and that never were. */
  configHistoryMax: 50,
  configSetAsideMax: 10,
  /** Differences of two configurations that a person is shown; whoever has more compares the files. */
  configDifferencesMax: 50,
  /** How long a change may wait to be confirmed, before it is undone. */
  trialSecondsMin: 10,
  trialSecondsMax: 3600,
  trialSeconds: 60,
  /** What a person may say of a change. */
  noteCharactersMax: 200,
  deviceNameCharactersMax: 64,
  /** How deep a configuration may nest: matches are read, and evaluated, by recursion. */
  configDepthMax: 32,
  /** Records that both boxes keep beside the configuration; while they were apart each may have made as many. */
  usersMax: 64,
  tokensMax: 128,
  namedDevicesMax: 2048,
  /** Deletions of each kind that are remembered, for a box that was away. */
  deletedRecordsMax: 1024,
  /**
   * Bytes of one record: of a user or token, of a device with the longest name and note in any script, of the certificate
   * authority.
   */
  recordBytesMax: 2048,
  deviceRecordBytesMax: 1024,
  authorityRecordBytesMax: 8192,
  /** Passwords that wait to be looked at: each takes a small router some tenths of a second, and a rest as long. */
  passwordsWaitingMax: 4,
  passwordCharactersMin: 10,
  /** Far more than a person types: it is hashed whatever its length. */
  passwordCharactersMax: 256,
  /** Who is silent for so long, or came so long ago, logs in again. */
  sessionIdleMilliseconds: 30 * 60_000,
  sessionMilliseconds: 12 * 3_600_000,
  sessionsMax: 64,
  sessionsPerUserMax: 8,
  /** How long an address, and a user name, waits after its first failed login; twice as long after each. */
  loginWaitMilliseconds: 1000,
  loginWaitMillisecondsMax: 60_000,
  /** After so long without one, failed logins are forgotten. */
  loginForgetMilliseconds: 15 * 60_000,
  /** Addresses, and user names, of which failed logins are remembered. */
  loginSourcesMax: 1024,
  /** Addresses from which somebody has logged in: they do not wait for what others do with that name. */
  familiarSourcesMax: 256,
  /** How long somebody who was at the box may take until they have set the first password. */
  presenceMilliseconds: 600_000,
  /** A shorter one is found by trying: there is no label then. */
  serialCharactersMin: 6,
  tokenNameCharactersMax: 64,
  tokenPathsMax: 16,
  /** Two files of who did what, each so long. */
  auditFileBytesMax: 256 << 10,
  /** Lines that wait for the disk, and lines of what was refused: whoever is refused must not push out the rest. */
  auditWaitingMax: 256,
  auditPageMax: 1000,
  auditRefusalsPerMinute: 20,
  /** The file with twice as many as there may be, every character of them escaped. */
  recordsFileBytesMax: 16 << 20,
  /** Entries of one deny list; each packet is compared with all of them. */
  deniedMax: 1024,
  /** A backup, which is held in memory a few times over while it is made or read. */
  backupBytesMax: 8 << 20,
  /** Of a passphrase: fewer are tried out in days, more nobody types. */
  passphraseCharactersMin: 10,
  passphraseCharactersMax: 256,
} as const;
