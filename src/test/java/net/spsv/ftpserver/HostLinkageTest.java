/*
 * Copyright the ftpserver-spsv authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package net.spsv.ftpserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Every class, method and field of the host that the plugin was compiled to use is there at run time, as it was
 * compiled: whatever no test calls would end a session with a {@code NoSuchMethodError} on another version.
 */
@Timeout(60)
class HostLinkageTest {

    private static final String HOST = "org.apache.";

    @Test
    void everyMemberThatIsUsedIsThere() throws Exception {
        final Set<String> used = new TreeSet<>();
        final Set<String> missing = new TreeSet<>();
        for (final Class<?> type : plugin()) {
            for (final Reference reference : references(type)) {
                if (reference.owner.startsWith(HOST)) {
                    used.add(reference.toString());
                    final String fault = reference.fault(type);
                    if (fault != null) {
                        missing.add(reference + " " + fault + ", used by " + type.getName());
                    }
                }
            }
        }

        assertThat(missing).isEmpty();
        assertThat(used)
                .contains("org.apache.ftpserver.ftplet.FtpException.<init>(Ljava/lang/String;)V")
                .contains("org.apache.ftpserver.command.AbstractCommand.<init>()V")
                .hasSizeGreaterThan(100);
    }

    @Test
    void everyMethodThatTheHostMayCallIsThere() throws Exception {
        final List<String> missing = new ArrayList<>();
        for (final Class<?> type : plugin()) {
            if (!Modifier.isAbstract(type.getModifiers())) {
                for (final Method method : type.getMethods()) {
                    if (Modifier.isAbstract(method.getModifiers())) {
                        missing.add(type.getName() + " lacks " + method);
                    }
                }
            }
        }

        assertThat(missing).isEmpty();
    }

    @Test
    void memberThatIsMissingIsFound() {
        assertThat(new Reference("org.apache.ftpserver.FtpServer", "start", "()V").fault(HostLinkageTest.class))
                .isNull();
        assertThat(new Reference("org.apache.ftpserver.FtpServer", "start", "()I").fault(HostLinkageTest.class))
                .isNotNull();
        assertThat(new Reference("org.apache.ftpserver.FtpServer", "begin", "()V").fault(HostLinkageTest.class))
                .isNotNull();
        assertThat(new Reference("org.apache.ftpserver.FtpClient", null, null).fault(HostLinkageTest.class))
                .isNotNull();
        assertThat(new Reference("org.apache.mina.transport.socket.nio.NioSession", "channel", "I")
                        .fault(HostLinkageTest.class))
                .isNotNull();
    }

    /** Loads and links all classes of the plugin, which finds what was made final or got another supertype. */
    private static List<Class<?>> plugin() throws Exception {
        final Path root = Paths.get(SpsvFtplet.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        final List<Class<?>> types = new ArrayList<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (final Path file : files.collect(Collectors.toList())) {
                final String name = root.relativize(file).toString().replace('/', '.');
                if (name.endsWith(".class") && !name.endsWith("package-info.class")) {
                    types.add(Class.forName(name.substring(0, name.length() - ".class".length())));
                }
            }
        }
        assertThat(types).contains(SpsvFtplet.class);
        return types;
    }

    /** Reads the constant pool, whose layout is section 4.4 of the Java virtual machine specification. */
    private static List<Reference> references(final Class<?> type) throws IOException {
        try (InputStream code = type.getResourceAsStream(type.getName().replaceFirst(".*\\.", "") + ".class");
                DataInputStream in = new DataInputStream(code)) {
            in.readLong();
            final int count = in.readUnsignedShort();
            final String[] texts = new String[count];
            final int[][] entries = new int[count][];
            for (int i = 1; i < count; i++) {
                final int tag = in.readUnsignedByte();
                switch (tag) {
                    case 1:
                        texts[i] = in.readUTF();
                        break;
                    case 5:
                    case 6:
                        in.readLong();
                        i++;
                        break;
                    case 3:
                    case 4:
                        in.readInt();
                        break;
                    case 15:
                        in.readUnsignedByte();
                        in.readUnsignedShort();
                        break;
                    case 7:
                    case 8:
                    case 16:
                        entries[i] = new int[] {tag, in.readUnsignedShort()};
                        break;
                    case 9:
                    case 10:
                    case 11:
                    case 12:
                    case 18:
                        entries[i] = new int[] {tag, in.readUnsignedShort(), in.readUnsignedShort()};
                        break;
                    default:
                        throw new IOException("Unknown constant " + tag + " in " + type);
                }
            }
            final List<Reference> references = new ArrayList<>();
            for (final int[] entry : entries) {
                if (entry != null && entry[0] == 7) {
                    references.add(new Reference(className(texts[entry[1]]), null, null));
                } else if (entry != null && entry[0] >= 9 && entry[0] <= 11) {
                    final int[] nameAndType = entries[entry[2]];
                    references.add(new Reference(
                            className(texts[entries[entry[1]][1]]), texts[nameAndType[1]], texts[nameAndType[2]]));
                }
            }
            return references;
        }
    }

    /** The element's class of an array: its members are those of Object. */
    private static String className(final String internal) {
        return internal.replaceFirst("^\\[+L?", "").replace(";", "").replace('/', '.');
    }

    /** What a constant of a class refers to: a class, if there is no name; else one of its methods or fields. */
    private static final class Reference {
        private final String owner;

        private final String name;

        private final String descriptor;

        Reference(final String owner, final String name, final String descriptor) {
            this.owner = owner;
            this.name = name;
            this.descriptor = descriptor;
        }

        /** Returns what is wrong with it, or null. */
        String fault(final Class<?> user) {
            try {
                final Class<?> type = Class.forName(owner, false, user.getClassLoader());
                if (name == null) {
                    return isVisible(type.getModifiers(), type, user) ? null : "is not public";
                }
                final Member member = find(type);
                if (member == null) {
                    return "is missing";
                }
                return isVisible(member.getModifiers(), member.getDeclaringClass(), user) ? null : "is not public";
            } catch (ReflectiveOperationException | LinkageError | TypeNotPresentException e) {
                return "is missing: " + e;
            }
        }

        private static boolean isVisible(final int modifiers, final Class<?> declaring, final Class<?> user) {
            return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers) && declaring.isAssignableFrom(user);
        }

        private Member find(final Class<?> type) {
            if (descriptor.charAt(0) != '(') {
                return find(
                        type,
                        each -> Arrays.<Field>stream(each.getDeclaredFields())
                                .filter(field -> field.getName().equals(name))
                                .filter(field -> MethodType.methodType(field.getType())
                                        .toMethodDescriptorString()
                                        .equals("()" + descriptor)));
            }
            if ("<init>".equals(name)) {
                return Arrays.<Constructor<?>>stream(type.getDeclaredConstructors())
                        .filter(constructor -> MethodType.methodType(void.class, constructor.getParameterTypes())
                                .toMethodDescriptorString()
                                .equals(descriptor))
                        .findFirst()
                        .orElse(null);
            }
            return find(
                    type,
                    each -> Arrays.<Method>stream(each.getDeclaredMethods())
                            .filter(method -> method.getName().equals(name))
                            .filter(method -> MethodType.methodType(method.getReturnType(), method.getParameterTypes())
                                    .toMethodDescriptorString()
                                    .equals(descriptor)));
        }

        private static Member find(final Class<?> type, final Function<Class<?>, Stream<? extends Member>> declared) {
            for (Class<?> each = type; each != null; each = each.getSuperclass()) {
                final Member member = declared.apply(each).findFirst().orElse(null);
                if (member != null) {
                    return member;
                }
                for (final Class<?> parent : each.getInterfaces()) {
                    final Member inherited = find(parent, declared);
                    if (inherited != null) {
                        return inherited;
                    }
                }
            }
            return type.isInterface() && type != Object.class ? find(Object.class, declared) : null;
        }

        @Override
        public String toString() {
            return name == null ? owner : owner + "." + name + descriptor;
        }
    }
}
