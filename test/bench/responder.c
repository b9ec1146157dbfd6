/*
 * A DHCP responder that remembers nothing: every DISCOVER gets an OFFER, every REQUEST an ACK,
 * with an address computed from the client's hardware address. It shows how fast perfdhcp and
 * the kernel's network path are by themselves; no real server can be measured above that.
 *
 * usage: responder SERVER-ADDRESS FIRST-ADDRESS POOL-SIZE
 * Answers relayed requests only (perfdhcp is always a relay), by unicast to the relay.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, FRAME = 1500, FIXED = 240, REPLY = 300 };
enum { DISCOVER = 1, OFFER = 2, REQUEST = 3, ACK = 5 };

static struct in_addr server;
static uint32_t pool_first, pool_size;

/* Value of the message type option, 0 when there is none. */
static int message_type(const uint8_t *packet, size_t length)
{
	size_t at = FIXED;

	while (at + 2 < length && packet[at] != 255) {
		if (packet[at] == 0) {
			at += 1;
			continue;
		}
		if (packet[at] == 53)
			return packet[at + 2];
		at += 2 + packet[at + 1];
	}
	return 0;
}

/* Turns the request into its reply in place; 0 when it deserves none. */
static int answer(uint8_t *packet, size_t length, struct sockaddr_in *to)
{
	static const uint8_t lease[] = { 51, 4, 0, 0, 0x0f, 0xa0, 1, 4, 255, 255, 0, 0 };
	uint32_t client, address;
	int type;

	if (length < FIXED || packet[0] != 1)
		return 0;
	type = message_type(packet, length);
	if (type != DISCOVER && type != REQUEST)
		return 0;
	packet[0] = 2;
	memcpy(&client, packet + 30, sizeof client);
	address = htonl(pool_first + ntohl(client) % pool_size);
	memcpy(packet + 16, &address, sizeof address);
	memset(packet + FIXED, 0, REPLY - FIXED);
	packet[FIXED] = 53;
	packet[FIXED + 1] = 1;
	packet[FIXED + 2] = type == DISCOVER ? OFFER : ACK;
	packet[FIXED + 3] = 54;
	packet[FIXED + 4] = 4;
	memcpy(packet + FIXED + 5, &server, sizeof server);
	memcpy(packet + FIXED + 9, lease, sizeof lease);
	packet[FIXED + 9 + sizeof lease] = 255;
	to->sin_family = AF_INET;
	to->sin_port = htons(67);
	memcpy(&to->sin_addr, packet + 24, sizeof to->sin_addr);
	return 1;
}

static void serve(int fd)
{
	static uint8_t buffer[BATCH][FRAME];
	static struct sockaddr_in from[BATCH];
	struct iovec in[BATCH], out[BATCH];
	struct mmsghdr got[BATCH], put[BATCH];

	for (;;) {
		int count, replies = 0, sent;

		for (int i = 0; i < BATCH; i++) {
			in[i] = (struct iovec){ buffer[i], FRAME };
			got[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &in[i], .msg_iovlen = 1 } };
		}
		count = recvmmsg(fd, got, BATCH, MSG_WAITFORONE, NULL);
		if (count < 0) {
			perror("recvmmsg");
			exit(1);
		}
		for (int i = 0; i < count; i++) {
			if (!answer(buffer[i], got[i].msg_len, &from[replies]))
				continue;
			out[replies] = (struct iovec){ buffer[i], REPLY };
			put[replies] = (struct mmsghdr){ .msg_hdr = {
				.msg_name = &from[replies], .msg_namelen = sizeof from[replies],
				.msg_iov = &out[replies], .msg_iovlen = 1 } };
			replies++;
		}
		for (int done = 0; done < replies; done += sent) {
			sent = sendmmsg(fd, put + done, replies - done, 0);
			if (sent <= 0)
				sent = 1; /* a reply that cannot be sent is a lost one */
		}
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(67) };
	struct in_addr first;
	int fd;

	if (argc != 4 || !inet_aton(argv[1], &server) || !inet_aton(argv[2], &first)) {
		fprintf(stderr, "usage: responder SERVER-ADDRESS FIRST-ADDRESS POOL-SIZE\n");
		return 2;
	}
	pool_first = ntohl(first.s_addr);
	pool_size = strtoul(argv[3], NULL, 10);
	if (pool_size == 0)
		return 2;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) < 0) {
		perror("port 67");
		return 1;
	}
	serve(fd);
	return 0;
}
