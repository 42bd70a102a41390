; The exact set of packed states, rows of WORDS 64-bit words. A hash only says where to look: equality is always decided
; on the rows themselves. An entry of the table is 0 if it is free, else the upper half of the row's hash and, below, the
; row's number + 1. The table has a power of two entries, `last` is the last one's index, and never more than half are
; taken. Callers see to it that n > 0, and that there is room in the store and in the table.

declare void @llvm.prefetch.p0(ptr, i32, i32, i32)

; A 64-bit hash of each of n rows: `mix` of proofs/engines/states.py.
define void @mix(ptr noalias %rows, i64 %n, ptr noalias %hashes) {
entry:
  br label %row
row:
  %i = phi i64 [0, %entry], [%next, %done]
  %first = mul i64 %i, WORDS
  %words = getelementptr i64, ptr %rows, i64 %first
  br label %word
word:
  %k = phi i64 [0, %row], [%k1, %word]
  %h = phi i64 [1, %row], [%h3, %word]
  %at = getelementptr i64, ptr %words, i64 %k
  %w = load i64, ptr %at
  %h1 = xor i64 %h, %w
  %h2 = mul i64 %h1, -7046029254386353131
  %high = lshr i64 %h2, 29
  %h3 = xor i64 %h2, %high
  %k1 = add i64 %k, 1
  %more.words = icmp ult i64 %k1, WORDS
  br i1 %more.words, label %word, label %done
done:
  %to = getelementptr i64, ptr %hashes, i64 %i
  store i64 %h3, ptr %to
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %row, label %end
end:
  ret void
}

define internal i64 @slot(i64 %hash, i64 %last) alwaysinline {
  %high = lshr i64 %hash, 32
  %mixed = xor i64 %hash, %high
  %slot = and i64 %mixed, %last
  ret i64 %slot
}

; The table entry of the hash number j, or of the last if there are not so many.
define internal ptr @home(ptr %table, i64 %last, ptr %hashes, i64 %j, i64 %n) alwaysinline {
  %end = sub i64 %n, 1
  %inside = icmp ult i64 %j, %end
  %k = select i1 %inside, i64 %j, i64 %end
  %at = getelementptr i64, ptr %hashes, i64 %k
  %hash = load i64, ptr %at
  %slot = call i64 @slot(i64 %hash, i64 %last)
  %entry = getelementptr i64, ptr %table, i64 %slot
  ret ptr %entry
}

; What the rows after the j-th will need is fetched meanwhile: the entry, then the row that it names.
define internal void @ahead(ptr %store, ptr %table, i64 %last, ptr %hashes, i64 %j, i64 %n) alwaysinline {
  %far = add i64 %j, 24
  %far.entry = call ptr @home(ptr %table, i64 %last, ptr %hashes, i64 %far, i64 %n)
  call void @llvm.prefetch.p0(ptr %far.entry, i32 1, i32 3, i32 1)
  %near = add i64 %j, 12
  %near.entry = call ptr @home(ptr %table, i64 %last, ptr %hashes, i64 %near, i64 %n)
  %near.value = load atomic i64, ptr %near.entry monotonic, align 8
  %near.low = and i64 %near.value, 4294967295
  %near.number = sub i64 %near.low, 1
  %near.first = mul i64 %near.number, WORDS
  %near.row = getelementptr i64, ptr %store, i64 %near.first
  call void @llvm.prefetch.p0(ptr %near.row, i32 0, i32 3, i32 1)
  %near.end = getelementptr i64, ptr %near.row, i64 WORDS
  %near.last = getelementptr i8, ptr %near.end, i64 -1
  call void @llvm.prefetch.p0(ptr %near.last, i32 0, i32 3, i32 1)
  ret void
}

; Whether two rows are equal.
define internal i1 @same(ptr %one, ptr %other) alwaysinline {
entry:
  br label %word
word:
  %k = phi i64 [0, %entry], [%k1, %word]
  %unlike = phi i64 [0, %entry], [%unlike1, %word]
  %at = getelementptr i64, ptr %one, i64 %k
  %x = load i64, ptr %at
  %there = getelementptr i64, ptr %other, i64 %k
  %y = load i64, ptr %there
  %change = xor i64 %x, %y
  %unlike1 = or i64 %unlike, %change
  %k1 = add i64 %k, 1
  %more = icmp ult i64 %k1, WORDS
  br i1 %more, label %word, label %end
end:
  %equal = icmp eq i64 %unlike1, 0
  ret i1 %equal
}

; Which of n > 0 rows are among the first `known` of the store: `numbers` gets the number of each, or -1, and `missing`
; the places of those that are not, how many as the result. Rows may be inserted meanwhile: what is not among the first
; is not looked at, and an entry is read whole.
define i64 @find(ptr %store, i64 %known, ptr %table, i64 %last, ptr %rows, ptr %hashes, i64 %n, ptr %numbers, ptr %missing) {
entry:
  br label %row
row:
  %j = phi i64 [0, %entry], [%next, %done]
  %have = phi i64 [0, %entry], [%have1, %done]
  call void @ahead(ptr %store, ptr %table, i64 %last, ptr %hashes, i64 %j, i64 %n)
  %first = mul i64 %j, WORDS
  %words = getelementptr i64, ptr %rows, i64 %first
  %hash.at = getelementptr i64, ptr %hashes, i64 %j
  %hash = load i64, ptr %hash.at
  %tag = and i64 %hash, -4294967296
  %slot0 = call i64 @slot(i64 %hash, i64 %last)
  br label %probe
probe:
  %slot = phi i64 [%slot0, %row], [%slot1, %other]
  %entry.at = getelementptr i64, ptr %table, i64 %slot
  %value = load atomic i64, ptr %entry.at monotonic, align 8
  %free = icmp eq i64 %value, 0
  br i1 %free, label %done, label %taken
taken:
  %change = xor i64 %value, %tag
  %likely = icmp ult i64 %change, 4294967296
  br i1 %likely, label %named, label %other
named:
  %number = sub i64 %change, 1
  %old = icmp ult i64 %number, %known
  br i1 %old, label %compare, label %other
compare:
  %there.first = mul i64 %number, WORDS
  %there = getelementptr i64, ptr %store, i64 %there.first
  %equal = call i1 @same(ptr %words, ptr %there)
  br i1 %equal, label %done, label %other
other:
  %after = add i64 %slot, 1
  %slot1 = and i64 %after, %last
  br label %probe
done:
  %found = phi i64 [-1, %probe], [%number, %compare]
  %to = getelementptr i64, ptr %numbers, i64 %j
  store i64 %found, ptr %to
  %missing.at = getelementptr i64, ptr %missing, i64 %have
  store i64 %j, ptr %missing.at
  %lacks = icmp slt i64 %found, 0
  %one = zext i1 %lacks to i64
  %have1 = add i64 %have, %one
  %next = add i64 %j, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %row, label %end
end:
  ret i64 %have1
}

; Add n of some rows to the `count` of the store, duplicates allowed: those whose places are in `chosen`, with their
; `hashes`; `numbers` gets, at such a place, the number of the row. The new count.
define i64 @insert(ptr %store, i64 %count, ptr %table, i64 %last, ptr %rows, ptr %chosen, ptr %hashes, i64 %n, ptr %numbers) {
entry:
  br label %row
row:
  %j = phi i64 [0, %entry], [%next, %done]
  %have = phi i64 [%count, %entry], [%have1, %done]
  call void @ahead(ptr %store, ptr %table, i64 %last, ptr %hashes, i64 %j, i64 %n)
  %place.at = getelementptr i64, ptr %chosen, i64 %j
  %place = load i64, ptr %place.at
  %first = mul i64 %place, WORDS
  %words = getelementptr i64, ptr %rows, i64 %first
  %hash.at = getelementptr i64, ptr %hashes, i64 %j
  %hash = load i64, ptr %hash.at
  %tag = and i64 %hash, -4294967296
  %slot0 = call i64 @slot(i64 %hash, i64 %last)
  br label %probe
probe:
  %slot = phi i64 [%slot0, %row], [%slot1, %other]
  %entry.at = getelementptr i64, ptr %table, i64 %slot
  %value = load i64, ptr %entry.at
  %free = icmp eq i64 %value, 0
  br i1 %free, label %new, label %taken
taken:
  %change = xor i64 %value, %tag
  %likely = icmp ult i64 %change, 4294967296
  br i1 %likely, label %compare, label %other
compare:
  %known = sub i64 %change, 1
  %known.first = mul i64 %known, WORDS
  %known.row = getelementptr i64, ptr %store, i64 %known.first
  %equal = call i1 @same(ptr %words, ptr %known.row)
  br i1 %equal, label %done, label %other
other:
  %after = add i64 %slot, 1
  %slot1 = and i64 %after, %last
  br label %probe
new:
  %new.first = mul i64 %have, WORDS
  %new.row = getelementptr i64, ptr %store, i64 %new.first
  call void @llvm.memcpy.p0.p0.i64(ptr %new.row, ptr %words, i64 BYTES, i1 false)
  %grown = add i64 %have, 1
  %new.value = or i64 %tag, %grown
  store atomic i64 %new.value, ptr %entry.at monotonic, align 8
  br label %done
done:
  %have1 = phi i64 [%have, %compare], [%grown, %new]
  %number = phi i64 [%known, %compare], [%have, %new]
  %to = getelementptr i64, ptr %numbers, i64 %place
  store i64 %number, ptr %to
  %next = add i64 %j, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %row, label %end
end:
  ret i64 %have1
}

declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)

; Enter the numbers of n distinct rows, from `number` on, into a new table.
define void @enter(ptr %table, i64 %last, ptr %hashes, i64 %number, i64 %n) {
entry:
  br label %row
row:
  %j = phi i64 [0, %entry], [%next, %free]
  %far = add i64 %j, 24
  %far.entry = call ptr @home(ptr %table, i64 %last, ptr %hashes, i64 %far, i64 %n)
  call void @llvm.prefetch.p0(ptr %far.entry, i32 1, i32 3, i32 1)
  %hash.at = getelementptr i64, ptr %hashes, i64 %j
  %hash = load i64, ptr %hash.at
  %slot0 = call i64 @slot(i64 %hash, i64 %last)
  br label %probe
probe:
  %slot = phi i64 [%slot0, %row], [%slot1, %probe.more]
  %entry.at = getelementptr i64, ptr %table, i64 %slot
  %value = load i64, ptr %entry.at
  %is.free = icmp eq i64 %value, 0
  br i1 %is.free, label %free, label %probe.more
probe.more:
  %after = add i64 %slot, 1
  %slot1 = and i64 %after, %last
  br label %probe
free:
  %tag = and i64 %hash, -4294967296
  %mine = add i64 %number, %j
  %low = add i64 %mine, 1
  %new.value = or i64 %tag, %low
  store i64 %new.value, ptr %entry.at
  %next = add i64 %j, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %row, label %end
end:
  ret void
}
