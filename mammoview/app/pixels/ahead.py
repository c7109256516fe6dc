"""Pixels that nobody looks at yet, or any more: the next examination, and the last one.

What blocks (`decode`, `load_headers`) runs in a worker; the rest belongs to the desk's thread.
"""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from mammoview.app import commands
from mammoview.app.jobs import Deliver, Job, JobContext, Lanes
from mammoview.app.order import Order
from mammoview.app.pixels import memory, resolve
from mammoview.app.pixels.resident import estimated_bytes
from mammoview.app.pixels.stack_frames import StackFrames
from mammoview.app.state.hung_views import HungView, LoadedImage
from mammoview.app.workspace import Workspace
from mammoview.domain.study import ExamIndex, Mammogram
from mammoview.errors import MammoviewError

Loaded = tuple[Mammogram, LoadedImage]
_Key = tuple[Path, Path | None, str]

_MIB = 1 << 20
# Four views of 3000x4600 pixels of 16 bits with their smaller sizes are 141 MiB.  The next
# examination of that size fits; the last one stays until the next is decoded, for with both the
# process passes 1.2 GiB while the network reads.
_MOST_BYTES = 160 * _MIB
_SHARE_OF_MACHINE = 16
_HEADERS_KEPT = 8
# Of a volume the slice that it opens at, then its neighbours, while there is room.
_SLICES_ROUND = 4
_LANE = "ahead"
# Where the computer's result of an examination is there when it opens, the next one is decoded at
# once: a worker would take the interpreter from the paint that shows this one.
_PAINT_S = 0.1

_log = logging.getLogger(__name__)


class ViewCache:
    """Decoded views within a number of bytes; those that were put or kept longest ago go first.

    Parameters
    ----------
    budget_bytes : int
        Most bytes that all views hold together; 0 keeps nothing.
    """

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self._views: OrderedDict[_Key, Loaded] = OrderedDict()

    @property
    def nbytes(self) -> int:
        """Bytes that all views hold."""
        return sum(image.nbytes for _, image in self._views.values())

    def put(self, asked: Mammogram, loaded: Loaded) -> None:
        """Keep a decoded view under the header it was asked for, and drop the oldest for it."""
        self._views.pop(_key(asked), None)
        self._views[_key(asked)] = loaded
        self.limit(self.budget_bytes)

    def limit(self, budget_bytes: int) -> None:
        """Hold no more than so many bytes from now on, and drop the oldest for it."""
        self.budget_bytes = budget_bytes
        while self.nbytes > self.budget_bytes:
            self._views.popitem(last=False)

    def take(self, views: Iterable[Mammogram]) -> tuple[Loaded, ...]:
        """Hand over those views that are here; they are kept here no longer."""
        found = (self._views.pop(_key(view), None) for view in views)
        return tuple(loaded for loaded in found if loaded is not None)

    def find(self, view: Mammogram) -> Loaded | None:
        """Return a decoded view, which stays here."""
        return self._views.get(_key(view))

    def lacks(self, views: Iterable[Mammogram]) -> tuple[Mammogram, ...]:
        """Return those views that are not here, and make the others the last to be dropped."""
        missing = []
        for view in views:
            if _key(view) in self._views:
                self._views.move_to_end(_key(view))
            else:
                missing.append(view)
        return tuple(missing)

    def clear(self) -> None:
        """Drop everything: files may have changed."""
        self._views.clear()


class Prefetcher:
    """Decodes the next examination when the desk has nothing else to do; keeps it and the last one.

    Parameters
    ----------
    deliver : callable
        As that of `Lanes`.
    budget_bytes : int
        Most bytes kept beside the examination that hangs.
    on_headers : callable
        Told of headers that were read ahead, before anything of them can be logged.
    on_ready : callable
        Called when an examination is decoded as far as there is room for it.

    Attributes
    ----------
    busy : bool
        Whether something is being prepared.
    """

    def __init__(
        self,
        *,
        deliver: Deliver,
        budget_bytes: int,
        on_headers: Callable[[ExamIndex], None],
        on_ready: Callable[[], None],
    ) -> None:
        self.cache = ViewCache(budget_bytes)
        self._budget_bytes = budget_bytes
        self._volumes = StackFrames()
        self._lanes = Lanes(name="ahead", workers=1, deliver=deliver)
        self._on_headers, self._on_ready = on_headers, on_ready
        self._headers: OrderedDict[str, ExamIndex] = OrderedDict()
        self._wanted: str | None = None
        self._hung: tuple[HungView, ...] = ()  # what will hang of it, once its headers are here
        self.busy = False

    def want(self, key: str, ws: Workspace, order: Order | None) -> None:
        """Prepare an examination of the open index, or of a list; asking again changes nothing."""
        if key == self._wanted:
            return
        self._wanted = key
        self._hung = ()
        self.busy = True
        index = ws.index if order is None else self._headers.get(key)
        if index is not None:
            self._decode(key, ws, index)
        elif order is not None:
            job = Job(
                work=partial(load_headers, order, key),
                on_done=partial(self._read, key, ws),
                on_error=self._left_for_later,
            )
            self._lanes.submit(_LANE, job)

    def hung(self, key: str) -> tuple[HungView, ...]:
        """Return what will hang of an examination, with the pixels that are here.

        Nothing where it is not the one prepared, as long as it is being prepared, and where nothing
        may be kept.
        """
        if key != self._wanted or self.busy or not self._budget_bytes:
            return ()
        return tuple(_filled(view, self.cache.find(view.mammogram)) for view in self._hung)

    def headers(self, key: str) -> ExamIndex | None:
        """Return the headers of an examination of a list, where they were read lately."""
        return self._headers.get(key)

    def keep_headers(self, key: str, index: ExamIndex) -> None:
        """Keep headers for the way back."""
        self._headers[key] = index
        self._headers.move_to_end(key)
        while len(self._headers) > _HEADERS_KEPT:
            self._headers.popitem(last=False)

    def take(self, wanted: Iterable[HungView], before: Iterable[HungView]) -> tuple[Loaded, ...]:
        """Hand over what is decoded of the views that hang now, those that hung before included."""
        views = [hung.mammogram for hung in wanted]
        keys = {_key(view) for view in views}
        still = tuple(
            (hung.mammogram, hung.image)
            for hung in before
            if hung.image is not None and _is_kept(hung.mammogram) and _key(hung.mammogram) in keys
        )
        return *still, *self.cache.take(views)

    def take_volumes(self, hung: Iterable[HungView]) -> StackFrames | None:
        """Hand over the slices that are decoded of volumes that hang now; None: there are none.

        Slices of others go: the reader went another way.
        """
        wanted = {view.mammogram.sop_instance_uid for view in hung if view.frame is not None}
        found, self._volumes = self._volumes, StackFrames()
        self.cache.limit(self._budget_bytes)
        return found if wanted & found.uids else None

    def keep(self, before: Iterable[HungView]) -> None:
        """Keep the pixels of views that hung until now, while there is room for them."""
        for hung in before:
            if hung.image is not None and _is_kept(hung.mammogram):
                self.cache.put(hung.mammogram, (hung.mammogram, hung.image))

    def stop(self) -> None:
        """Stop the work; what is decoded stays."""
        self._lanes.cancel_all()
        self._wanted = None
        self._hung = ()
        self.busy = False

    def forget(self) -> None:
        """Drop everything: files may have changed."""
        self.stop()
        self._headers.clear()
        self.cache.clear()
        self.take_volumes(())

    def shutdown(self) -> None:
        """Drop everything and wait until no worker runs any more."""
        self.forget()
        self._lanes.shutdown()

    def _read(self, key: str, ws: Workspace, index: ExamIndex) -> None:
        self._on_headers(index)
        self.keep_headers(key, index)
        self._decode(key, ws, index)

    def _decode(self, key: str, ws: Workspace, index: ExamIndex) -> None:
        there = ws if index is ws.index else commands.with_index(ws, index)
        self._hung = hung = commands.select_exam(there, key).views
        held = {_key(view.mammogram) for view in ws.views if view.image is not None}
        new = [view.mammogram for view in hung if _key(view.mammogram) not in held]
        views = [view for view in new if _is_kept(view)]
        room = self._budget_bytes - sum(map(estimated_bytes, views))
        work = partial(
            self._work,
            self.cache.lacks(views),
            tuple(view for view in new if not _is_kept(view)),
            self._volumes,
            room,
        )
        self._lanes.submit(_LANE, Job(work=work, on_done=self._done, on_error=self._left_for_later))

    def _done(self, _: None) -> None:
        self.busy = False
        self._on_ready()

    def _left_for_later(self, error: MammoviewError) -> None:
        """Say nothing of what failed ahead of its time: it is told when it is opened."""
        self.busy = False
        _log.info("not prefetched: %s", type(error).__name__)

    def _work(
        self,
        views: tuple[Mammogram, ...],
        volumes: tuple[Mammogram, ...],
        store: StackFrames,
        room_bytes: int,
        context: JobContext,
    ) -> None:
        context.wait(_PAINT_S)

        def decoded(asked: Mammogram, loaded: Loaded) -> None:
            context.report(partial(self.cache.put, asked, loaded))

        decode(
            views,
            room_bytes=self._budget_bytes,
            on_view=decoded,
            cancelled=context.cancelled,
        )
        decode_slices(
            volumes,
            store=store,
            room_bytes=room_bytes,
            on_slice=partial(context.report, partial(self._make_room, store)),
            cancelled=context.cancelled,
        )
        memory.give_back()

    def _make_room(self, store: StackFrames) -> None:
        """Let views of the last examination go for what is decoded of the next one's volumes."""
        if store is self._volumes:
            self.cache.limit(self._budget_bytes - store.bytes_kept)


def load_headers(order: Order, key: str, context: JobContext) -> ExamIndex:
    """Read the headers of an examination of a list, in a worker."""
    return order.load(key, context.cancelled)


def decode(
    views: Iterable[Mammogram],
    *,
    room_bytes: int,
    on_view: Callable[[Mammogram, Loaded], None],
    cancelled: Callable[[], bool],
) -> None:
    """Decode views one after another, as far as the room goes; blocks, so call it in a worker.

    A view that cannot be decoded is left out: its reason is told when it is opened.
    """
    for view in views:
        room_bytes -= estimated_bytes(view)
        if cancelled() or room_bytes < 0:
            return
        try:
            loaded = resolve.load_image(view)
        except MammoviewError:
            continue
        on_view(view, loaded)


def decode_slices(
    volumes: Sequence[Mammogram],
    *,
    store: StackFrames,
    room_bytes: int,
    on_slice: Callable[[], None],
    cancelled: Callable[[], bool],
) -> None:
    """Decode the slice that each volume opens at, then the next ones round it, as room goes.

    Blocks, so call it in a worker.  A volume that cannot be decoded is left out: its reason is told
    when it is opened.
    """
    broken: set[str] = set()
    for step in (0, *(way * far for far in range(1, _SLICES_ROUND + 1) for way in (1, -1))):
        for view in volumes:
            assert view.frames is not None
            frame = view.frames.middle + step
            if view.frames.kept(frame) != frame or view.sop_instance_uid in broken:
                continue
            room_bytes -= estimated_bytes(view)
            if cancelled() or room_bytes < 0:
                return
            try:
                store.load(view, frame)
            except MammoviewError:
                broken.add(view.sop_instance_uid)
                continue
            on_slice()


def budget_bytes(setting_mib: int) -> int:
    """Return how much may be kept beside the open examination.

    Parameters
    ----------
    setting_mib : int
        The user's choice in MiB; below 0: a sixteenth of the machine's memory, at most 160 MiB.
    """
    if setting_mib >= 0:
        return setting_mib * _MIB
    return min(_MOST_BYTES, _machine_bytes() // _SHARE_OF_MACHINE)


def _machine_bytes() -> int:
    """Return the machine's memory; where the system does not tell, that of a usual one."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return _MOST_BYTES * _SHARE_OF_MACHINE


def _is_kept(view: Mammogram) -> bool:
    """Tell whether a view is kept as a whole: a volume is not, its frames are loaded one by one."""
    return view.frames is None


def _filled(view: HungView, loaded: Loaded | None) -> HungView:
    return view if loaded is None else replace(view, mammogram=loaded[0], image=loaded[1])


def _key(view: Mammogram) -> _Key:
    return view.file, view.archive, view.sop_instance_uid
