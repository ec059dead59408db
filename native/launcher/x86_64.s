# The executable that stands in /opt/cni/bin: executes the host with the variables that a CNI call is made of, and no others.
# Static and free of any library, so that LD_*, NODE_* and PATH have nothing to act on. host/cli/launcher.ts has the bytes of
# this file, and puts them before a table at 0x400200:
#   +0 length of the message, +8 message, +16 prefixes (each ended by zero, an empty one last), +24 argv of the host, ended by zero
.set table, 0x400200
.globl _start
_start:
    mov (%rsp), %rdi
    lea 16(%rsp,%rdi,8), %rsi      # environment, read from here
    mov %rsi, %rbx                 # and written back to here
    mov %rsi, %r12
variable:
    mov (%rsi), %rax
    add $8, %rsi
    test %rax, %rax
    jz execute
    mov table+16, %rdx
prefix:
    mov %rax, %rcx
    cmpb $0, (%rdx)
    je variable                    # no prefix fits: leave it out
character:
    movb (%rdx), %r8b
    inc %rdx
    test %r8b, %r8b
    jz keep
    cmpb (%rcx), %r8b
    jne next_prefix
    inc %rcx
    jmp character
next_prefix:
    movb (%rdx), %r8b
    inc %rdx
    test %r8b, %r8b
    jnz next_prefix
    jmp prefix
keep:
    mov %rax, (%rbx)
    add $8, %rbx
    jmp variable
execute:
    movq $0, (%rbx)
    mov table+24, %rdi
    mov $table+24, %esi
    mov %r12, %rdx
    mov $59, %eax                  # execve
    syscall
    mov $1, %edi                   # it returned: say so on stdout, as a CNI error object
    mov table+8, %rsi
    mov table, %rdx
    mov $1, %eax                   # write
    syscall
    mov $1, %edi
    mov $60, %eax                  # exit
    syscall
