#!/usr/bin/env python3
"""An SMSC that is not ours (the package smpp34), for `make smsc`: takes every message on PORT, tells of each that it was
delivered, and hands over TEXT in pieces to whoever binds. Prints what it was sent, a line of JSON each."""

import asyncio
import json
import sys

import smpp34

PORT, TEXT = int(sys.argv[1]), sys.argv[2]
PIECE = 67


def say(**what):
    print(json.dumps(what), flush=True)


async def hand_over(esme):
    pieces = [TEXT[at : at + PIECE] for at in range(0, len(TEXT), PIECE)]

    async def one(number, piece):
        header = bytes([5, 0, 3, 42, len(pieces), number])
        answer = await esme.deliver_sm(
            source_addr="8613900139000", source_addr_ton=1, source_addr_npi=1, destination_addr="10690000",
            esm_class=0x40, data_coding=8, short_message=header + piece.encode("utf-16-be"),
        )
        if answer.command_status:
            say(refused=number, status=answer.command_status)

    # At the same time, as busy ones do.
    await asyncio.gather(*(one(number, piece) for number, piece in enumerate(pieces, 1)))


async def tell(esme, event, message):
    answer = await esme.deliver_sm(
        source_addr=event.destination_addr, destination_addr=event.source_addr, esm_class=0x04,
        short_message=f"id:{message} sub:001 dlvrd:001 stat:DELIVRD err:000 text:".encode(),
    )
    if answer.command_status:
        say(refused=message, status=answer.command_status)


async def main():
    server = smpp34.Server(host="127.0.0.1", port=PORT, system_id="peer")
    await server.start()
    say(listening=PORT)
    bound, count, under_way = {}, 0, set()
    while True:
        event = await server.next()
        work = None
        if isinstance(event, smpp34.Esme):
            bound[event.session_id] = event
            say(bound=event.system_id)
            work = hand_over(event)
        elif isinstance(event, smpp34.SubmitSmEvent):
            count += 1
            event.accept(f"m{count}")
            say(
                to=event.destination_addr, sender=event.source_addr, coding=event.data_coding, esm_class=event.esm_class,
                receipt=event.registered_delivery, data=event.short_message.hex(),
                tlvs={f"{tlv.tag:04x}": tlv.value.hex() for tlv in event.tlvs},
            )
            work = tell(bound[event.session_id], event, f"m{count}")
        elif isinstance(event, smpp34.Unbound):
            say(unbound=True)
        if work:
            task = asyncio.create_task(work)
            under_way.add(task)
            task.add_done_callback(under_way.discard)


asyncio.run(main())
