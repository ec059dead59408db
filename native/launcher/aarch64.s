// As x86_64.s beside this file, for 64-bit ARM.
.set table, 0x400200
.globl _start
_start:
    ldr x0, [sp]
    add x1, sp, #16
    add x1, x1, x0, lsl #3         // environment, read from here
    mov x2, x1
    mov x3, x1                     // and written back to here
    movz x9, #0x40, lsl #16
    movk x9, #0x200                // table
variable:
    ldr x4, [x1], #8
    cbz x4, execute
    ldr x5, [x9, #16]
prefix:
    mov x6, x4
    ldrb w7, [x5]
    cbz w7, variable               // no prefix fits: leave it out
character:
    ldrb w7, [x5], #1
    cbz w7, keep
    ldrb w8, [x6], #1
    cmp w7, w8
    b.eq character
next_prefix:
    ldrb w7, [x5], #1
    cbnz w7, next_prefix
    b prefix
keep:
    str x4, [x3], #8
    b variable
execute:
    str xzr, [x3]
    ldr x0, [x9, #24]
    add x1, x9, #24
    mov x8, #221                   // execve
    svc #0
    mov x0, #1                     // it returned: say so on stdout, as a CNI error object
    ldr x1, [x9, #8]
    ldr x2, [x9]
    mov x8, #64                    // write
    svc #0
    mov x0, #1
    mov x8, #93                    // exit
    svc #0
